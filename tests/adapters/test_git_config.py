"""Nothing that lies in a checked-out repository makes us run anything; the user's own keeps working."""

import os

import pytest

from mlci.adapters.git_config import ALWAYS, overrides, parse_settings, variables
from mlci.errors import WorldError
from mlci.ports.git import PushOutcome, RefUpdate
from tests.adapters.test_git import NOON
from tests.support.repository import repository


@pytest.fixture
def trap(tmp_path):
    """A program that says that it was run."""
    program = tmp_path / "trap"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {tmp_path}/sprung\ncat\n')
    program.chmod(0o755)
    return program


@pytest.fixture
def work(tmp_path):
    attributes = "* filter=evil diff=evil merge=evil\n"
    return (
        repository(tmp_path / "work").commit({"a.txt": "one", ".gitattributes": attributes}).tag("t").remote()
    )


def use_everything(git, work) -> None:
    work.write({"a.txt": "changed", "new": "x"})
    head = git.resolve("HEAD")
    git.branch(), git.tags(), git.refs("refs/"), git.tree(head), git.blobs([(head, "a.txt")])
    git.commit(head), git.first_parents(head), git.merge_base(head, head)
    assert git.dirty() == ["a.txt", "new"]
    git.remotes(), git.remote_refs("origin"), git.fetch("origin", "+refs/heads/*:refs/remotes/origin/*")
    made = git.write_commit({"x": b"1"}, parent=head, message="x", when=NOON)
    git.update_refs(RefUpdate(ref="refs/mlci/x", new=made))
    assert git.push("origin", [RefUpdate(ref="refs/mlci/x", new=made, expect="")]).outcome is PushOutcome.DONE
    git.add_note("refs/notes/x", head, b"x")
    with git.worktree(head) as place:
        assert (place / "a.txt").read_text() == "one"
    git.write_tag("x", head, "x", when=NOON)


HARMFUL = [
    "core.fsmonitor",
    "core.pager",
    "core.editor",
    "core.askPass",
    "sequence.editor",
    "diff.external",
    "pager.status",
    "filter.evil.clean",
    "filter.evil.smudge",
    "filter.evil.process",
    "diff.evil.textconv",
    "diff.evil.command",
    "merge.evil.driver",
    "gpg.program",
    "credential.helper",
    "credential.https://example.org.helper",
    "alias.status",
    "uploadpack.packObjectsHook",
    "interactive.diffFilter",
    "gpg.ssh.defaultKeyCommand",
]


@pytest.mark.parametrize("key", HARMFUL)
def test_a_program_in_the_repositorys_configuration_never_runs(work, git_in, trap, tmp_path, key):
    value = f"!{trap}" if "helper" in key or "alias" in key else str(trap)
    work.git("config", key, value)
    use_everything(git_in(work.path), work)
    assert not (tmp_path / "sprung").exists()


def test_one_that_is_included_never_runs(work, git_in, trap, tmp_path):
    (work.path / "included").write_text(f'[core]\n\tfsmonitor = {trap}\n[filter "evil"]\n\tclean = {trap}\n')
    work.git("config", "include.path", "../included")
    work.commit({})
    (tmp_path / "sprung").unlink(missing_ok=True)
    use_everything(git_in(work.path), work)
    assert not (tmp_path / "sprung").exists()


def test_hooks_never_run(work, git_in, trap, tmp_path):
    hooks = [
        "pre-push",
        "post-checkout",
        "reference-transaction",
        "pre-auto-gc",
        "post-index-change",
        "fsmonitor-watchman",
    ]
    for place in (work.path / ".git" / "hooks", work.path / "husky"):
        place.mkdir(exist_ok=True)
        for hook in hooks:
            (place / hook).symlink_to(trap)
    (work.path / ".gitignore").write_text("husky\n.gitignore\n")
    work.git("config", "core.hooksPath", "husky")
    use_everything(git_in(work.path), work)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    "key",
    [
        "remote.origin.uploadpack",
        "remote.origin.receivepack",
        "remote.x.y.vcs",
        "core.gitProxy",
        "core.alternateRefsCommand",
    ],
)
def test_what_cannot_be_overridden_is_refused_by_name(work, git_in, trap, tmp_path, key):
    work.git("config", key, str(trap))
    with pytest.raises(WorldError) as caught:
        git_in(work.path).resolve("HEAD")
    assert caught.value.id == "git-config-refused"
    assert caught.value.where == key.lower()
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("value", "fine"),
    [
        (
            'ssh -i "/tmp/a key" -o CheckHostIP=no -o "UserKnownHostsFile=/k"',
            True,
        ),
        ("ssh", True),
        ("ssh -o ProxyCommand=evil", False),
        ("ssh -F config", False),
        ("./ssh -i x", False),
        ("ssh -i $(evil)", False),
        ("ssh 'unclosed", False),
    ],
)
def test_ssh_with_a_key_is_all_that_a_checkout_may_bring(work, git_in, value, fine):
    work.git("config", "core.sshCommand", value)
    if fine:
        assert git_in(work.path).resolve("HEAD")
    else:
        with pytest.raises(WorldError, match=r"core\.sshcommand"):
            git_in(work.path).resolve("HEAD")


@pytest.mark.parametrize(
    "url", ["ext::sh -c 'touch {}/sprung'", "fd::17", "--upload-pack=touch {}/sprung", "./evil.git", "."]
)
@pytest.mark.parametrize("how", ["url", "pushurl", "direct"])
def test_a_remote_that_would_run_a_program_is_refused(work, git_in, tmp_path, url, how):
    repository(work.path / "evil.git", bare=True)
    address = url.format(tmp_path)
    if how != "direct":
        work.git("config", f"remote.origin.{how}", address)
    git, remote = git_in(work.path), address if how == "direct" else "origin"
    for use in (
        lambda: git.push(remote, [RefUpdate(ref="refs/x/y", new=work.head)]),
        lambda: git.fetch(remote, "refs/heads/main"),
        lambda: git.remote_refs(remote),
    ):
        with pytest.raises(WorldError) as caught:
            use()
        assert caught.value.id in ("remote-refused", "remote-missing")
    assert not (tmp_path / "sprung").exists()


def test_a_rewritten_address_runs_nothing(work, git_in, tmp_path):
    work.git("config", f"url.ext::sh -c 'touch {tmp_path}/sprung' .insteadOf", "https://example.org/")
    work.git("config", "protocol.ext.allow", "always")
    with pytest.raises(WorldError):
        git_in(work.path).fetch("https://example.org/x", "refs/heads/main")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(("place", "told"), [(".", "git-config-refused"), ("other", "not-a-repository")])
def test_a_work_tree_elsewhere_is_refused(work, git_in, tmp_path, place, told):
    (tmp_path / "other").mkdir()
    work.git("config", "core.worktree", str(tmp_path / place))
    with pytest.raises(WorldError) as caught:
        _ = git_in(work.path).root
    assert caught.value.id == told


def test_a_bare_repository_inside_a_checkout_is_not_taken_for_ours(work, git_in, trap, tmp_path):
    planted = work.path / "planted"
    repository(planted, bare=True).git("config", "core.fsmonitor", str(trap))
    with (planted / "config").open("a") as config:
        config.write("[core]\n\tbare = false\n\tworktree = .\n")
    with pytest.raises(WorldError):
        git_in(planted).dirty()
    assert not (tmp_path / "sprung").exists()


def test_what_the_user_set_for_all_repositories_stays(work, git_in, trap, tmp_path, monkeypatch):
    own = tmp_path / "own"
    own.write_text("#!/bin/sh\ncat\n")
    own.chmod(0o755)
    (tmp_path / "gitconfig").write_text(f'[filter "evil"]\n\tclean = tr a-z A-Z\n[gpg]\n\tprogram = {own}\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "http.extraHeader")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "x: y")
    work.git("config", "gpg.program", str(trap))
    work.git("config", "http.https://example.org/.extraheader", "AUTHORIZATION: basic x")
    listing = work.git("config", "--list", "--show-scope", "-z").encode()
    settings = parse_settings(listing)
    with pytest.raises(WorldError, match="too old"):
        overrides(settings)
    hardened = variables(ALWAYS, dict(os.environ))
    assert hardened["GIT_CONFIG_KEY_1"] == "core.hooksPath"
    assert hardened["GIT_CONFIG_COUNT"] == str(len(ALWAYS) + 1)
    seen = parse_settings(listing + b"command\0core.hookspath\n/dev/null\0")
    assert ("gpg.program", str(own)) in overrides(seen)


def test_helpers_of_the_user_come_back_in_their_order():
    listing = (
        b"command\0core.hookspath\n/dev/null\0global\0credential.helper\none\0"
        b"local\0credential.helper\n!evil\0local\0credential.helper\nstore\0local\0credential.x.helper\n./evil\0"
    )
    added = overrides(parse_settings(listing))[len(ALWAYS) :]
    assert added == (("credential.helper", ""), ("credential.helper", "one"), ("credential.helper", "store"))
