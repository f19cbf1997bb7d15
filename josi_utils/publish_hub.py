"""Publishing to a Hugging Face repository: made on first use, its model card first, then files.

huggingface_hub uploads from disk (in chunks that the Hub already has it sends no second time);
fsspec's way would copy every file to a temporary one before.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils.errors import JosiError

if TYPE_CHECKING:
    from huggingface_hub import HfApi


class Repository:
    """A repository on the Hub, or a folder in one.

    Parameters
    ----------
    url : str
        ``hf://owner/name``, with ``@revision`` and a folder where wanted.
    fs : HfFileSystem
        Says which Hub, and with which token.

    Raises
    ------
    JosiError
        If the address names no model or dataset repository.
    """

    def __init__(self, url: str, fs: Any) -> None:
        from huggingface_hub import parse_hf_uri

        try:
            found = parse_hf_uri(url)
        except ValueError as error:
            raise JosiError(f"{url}: {error}; write hf://owner/repository") from None
        if found.type not in ("model", "dataset"):
            raise JosiError(f"{url}: a {found.type}; write hf://owner/repository")
        self.kind, self.id, self.folder = found.type, found.id, found.path_in_repo
        self.revision = found.revision or "main"
        self._fs = fs

    @property
    def _api(self) -> HfApi:
        from huggingface_hub import HfApi

        return HfApi(endpoint=self._fs.endpoint, token=self._fs.token)

    @property
    def web_address(self) -> str:
        """Where the repository's files are fetched."""
        kind = "datasets/" if self.kind == "dataset" else ""
        address = f"{self._fs.endpoint}/{kind}{self.id}/resolve/{self.revision}/{self.folder}"
        return address.rstrip("/")

    def prepare(self, card: Path) -> None:
        """Make the repository if it is not there, and give it its card."""
        self._api.create_repo(self.id, repo_type=self.kind, exist_ok=True)
        self._fs.invalidate_cache()  # it remembers that there was none
        self._upload(card, "README.md", "Model card")

    def put(self, local: Path, relative: str) -> None:
        """Upload a file; it is there when its commit is."""
        path = f"{self.folder}/{relative}" if self.folder else relative
        self._upload(local, path, f"Add {relative}")

    def _upload(self, local: Path, path: str, message: str) -> None:
        self._api.upload_file(
            path_or_fileobj=local,
            path_in_repo=path,
            repo_id=self.id,
            repo_type=self.kind,
            revision=self.revision,
            commit_message=message,
        )
