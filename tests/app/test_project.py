"""Projects are found from anywhere inside them, and told apart where a repository holds several."""

from pathlib import Path

import pytest

from mlci.adapters.files import FileTree
from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.app.project import Project, configuration_at, find_projects, load_project
from mlci.errors import ConfigError, UsageError
from tests.support.repository import repository


def write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        place = root / name.replace("__", "/") / "mlci.yaml"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return root


@pytest.fixture
def monorepo(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "vendored" / ".git").mkdir(parents=True)
    (tmp_path / "env" / "lib").mkdir(parents=True)
    (tmp_path / "env" / "pyvenv.cfg").touch()
    return write(
        tmp_path,
        services__churn="version: 1\nproject: churn\n",
        services__credit="version: 1\nproject: credit\n",
        vendored="version: 1\nproject: foreign\n",
        env__lib="version: 1\nproject: installed\n",
        node_modules__x="version: 1\nproject: installed\n",
        _venv__x="version: 1\nproject: odd\n",
    )


def load(start: Path, chosen: str | None = None) -> Project:
    return load_project(start, chosen, FileTree)


def test_the_project_around_a_directory_is_found(monorepo: Path) -> None:
    deep = monorepo / "services" / "churn" / "src" / "deep"
    deep.mkdir(parents=True)
    project = load(deep)
    assert project.config.project == "churn"
    assert project.prefix == "services/churn"
    assert project.root == monorepo.resolve()
    assert project.directory == monorepo.resolve() / "services" / "churn"


def test_a_project_at_the_top_has_no_prefix(tmp_path: Path) -> None:
    (tmp_path / ".git").touch()  # as in a worktree or a submodule
    write(tmp_path, **{".": "version: 1\nproject: top\n"})
    assert load(tmp_path).prefix == ""


def test_other_repositories_and_installed_packages_are_not_searched(monorepo: Path) -> None:
    found = [each.relative_to(monorepo).as_posix() for each in find_projects(monorepo)]
    assert found == ["_venv/x", "services/churn", "services/credit"]


@pytest.mark.parametrize("chosen", ["credit", "services/credit", "./services/credit/"])
def test_a_project_is_chosen_by_name_or_path(monorepo: Path, chosen: str) -> None:
    assert load(monorepo, chosen).config.project == "credit"
    assert load(monorepo / "services" / "churn", chosen).config.project == "credit"


def test_an_unclear_choice_lists_what_there_is(monorepo: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load(monorepo)
    assert caught.value.id == "project-unclear"
    assert "services/churn, services/credit" in caught.value.help
    with pytest.raises(UsageError) as missing:
        load(monorepo, "credti")
    assert missing.value.id == "project-missing"
    assert missing.value.help == "did you mean 'credit'? projects: churn, credit, odd"
    write(monorepo, other="version: 1\nproject: credit\n")
    with pytest.raises(UsageError) as twice:
        load(monorepo, "credit")
    assert twice.value.help == "choose one by its path: other, services/credit"


def test_the_only_project_below_needs_no_choice(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    write(tmp_path, ml="version: 1\nproject: only\n")
    assert load(tmp_path).prefix == "ml"


def test_without_a_project_init_is_proposed(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(UsageError) as caught:
        load(tmp_path)
    assert caught.value.help == "mlci init"


def test_a_choice_never_leaves_the_repository(
    monorepo: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = write(tmp_path_factory.mktemp("outside"), **{".": "version: 1\nproject: outside\n"})
    with pytest.raises(UsageError):
        load(monorepo, str(outside))


def test_a_broken_neighbour_does_not_stop_the_choice(monorepo: Path) -> None:
    write(monorepo, broken="project: [", huge="#" * 2_000_000)
    assert load(monorepo, "churn").config.project == "churn"
    for chosen, word in (("broken", "yaml-syntax"), ("huge", "file-too-large")):
        with pytest.raises(ConfigError) as caught:
            load(monorepo, chosen)
        assert caught.value.id == word


def test_the_pipeline_beside_it_is_checked_too(tmp_path: Path) -> None:
    write(tmp_path, **{".": "version: 1\nproject: p\nci: {stages: {trian: {}}}\n"})
    (tmp_path / "dvc.yaml").write_text("stages: {train: {cmd: x}}\n")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert caught.value.id == "unknown-stage"
    (tmp_path / "dvc.yaml").write_text("stages: {train: {cmd: " + "[" * 100_000)
    with pytest.raises(ConfigError) as hostile:
        load(tmp_path)
    assert hostile.value.where.startswith("dvc.yaml:")


def test_a_pipeline_in_another_directory_counts(tmp_path: Path) -> None:
    write(tmp_path, **{".": "version: 1\nproject: p\nmodels: {m: {path: models/m.bin, task: binary}}\n"})
    (tmp_path / "dvc.yaml").write_text("stages: {a: {cmd: x}}\n")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert caught.value.id == "not-an-output"
    (tmp_path / "steps" / "train").mkdir(parents=True)
    (tmp_path / "steps" / "train" / "dvc.yaml").write_text("stages: {t: {cmd: x, outs: [../../models]}}\n")
    assert load(tmp_path).config.models["m"].path == "models/m.bin"


def test_a_commit_that_is_looked_at_names_nothing_to_run(tmp_path: Path) -> None:
    own = "version: 1\nproject: credit\nmodels: {income: {path: m, task: binary, load: 'credit:load'}}\n"
    theirs = (
        "models: {income: {path: n, task: binary, load: 'os:system'}, "
        "new: {path: o, task: binary, load: 'os:exec'}}"
    )
    story = repository(tmp_path / "work").commit({"mlci.yaml": own})
    story.branch("theirs").commit({"mlci.yaml": f"version: 1\nproject: credit\n{theirs}\n"})
    head = story.head
    story.switch("main")
    git = GitCli(ProcessRunner({}), story.path, {})
    config, note = configuration_at(git, load(story.path), head, "theirs")
    assert {each.name: (each.path, each.load) for each in config.models.values()} == {
        "income": ("n", "credit:load"),
        "new": ("o", None),
    }
    assert "theirs" in note


@pytest.mark.parametrize(
    ("stands", "chosen", "way"),
    [
        (".", "broken", "broken/"),
        (".", "pipeline", "pipeline/"),
        ("services", "../broken", "../broken/"),
        ("broken/src", None, "../"),
        ("broken", None, ""),
    ],
)
def test_what_is_wrong_is_told_by_the_path_from_where_one_stands(
    monorepo: Path, stands: str, chosen: str | None, way: str
) -> None:
    write(monorepo, broken="version: 1\nfoo: 1\nproject: p\n", pipeline="version: 1\nproject: q\n")
    (monorepo / "broken" / "src").mkdir()
    (monorepo / "pipeline" / "dvc.yaml").write_text("stages: [")
    with pytest.raises(ConfigError) as caught:
        load(monorepo / stands, chosen)
    place = "dvc.yaml:2:1" if chosen == "pipeline" else "mlci.yaml:2:1"
    assert caught.value.where.startswith(way + place)
    assert caught.value.problems[0].startswith(way + place)


def test_a_file_that_does_not_fit_its_pipeline_or_is_too_large_is_told_by_that_path_too(
    monorepo: Path,
) -> None:
    write(monorepo, odd="version: 1\nproject: p\nci: {stages: {trian: {}}}\n", huge="#" * 2_000_000)
    (monorepo / "odd" / "dvc.yaml").write_text("stages: {train: {cmd: x}}\n")
    for chosen, where in (("odd", "odd/mlci.yaml:3:"), ("huge", "huge/mlci.yaml")):
        with pytest.raises(ConfigError) as caught:
            load(monorepo, chosen)
        assert caught.value.where.startswith(where)
