"""The actions that generated workflows use, each pinned to the commit of a release."""

from msgspec import Struct

from mlci.ci.yamltext import Noted


class Action(Struct, frozen=True, kw_only=True):
    """A repository of an action, its release and the commit that the release's tag named."""

    repository: str
    release: str
    commit: str

    @property
    def uses(self) -> Noted:
        """The value of `uses:`, in the form that update bots and linters read."""
        return Noted(f"{self.repository}@{self.commit}", self.release)


CHECKOUT = Action(
    repository="actions/checkout",
    release="v7.0.1",
    commit="3d3c42e5aac5ba805825da76410c181273ba90b1",
)
SETUP_UV = Action(
    repository="astral-sh/setup-uv",
    release="v10.0.1",
    commit="20cfd1bf945f4377ade1205e4dbc17946fc9a30d",
)
UPLOAD_ARTIFACT = Action(
    repository="actions/upload-artifact",
    release="v7.0.1",
    commit="043fb46d1a93c77aae656e7c1c64a875d1fc6a0a",
)
DOWNLOAD_ARTIFACT = Action(
    repository="actions/download-artifact",
    release="v8.0.1",
    commit="3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c",
)
ALL = (CHECKOUT, SETUP_UV, UPLOAD_ARTIFACT, DOWNLOAD_ARTIFACT)
