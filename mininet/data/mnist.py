"""MNIST and Fashion-MNIST, found on this machine or downloaded, and checked. Built in the chapter "mnist"."""

import os
import warnings
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Literal

from mininet.arrays import Array
from mininet.browser import in_browser
from mininet.data import idx
from mininet.data.dataset import Dataset, DatasetUnavailable, StandInWarning
from mininet.data.digits import digits, enlarge
from mininet.data.download import cache_folder, download, keep

TRAIN_IMAGES = "train-images-idx3-ubyte"
TRAIN_LABELS = "train-labels-idx1-ubyte"
TEST_IMAGES = "t10k-images-idx3-ubyte"
TEST_LABELS = "t10k-labels-idx1-ubyte"
Arrays = dict[str, Array]


@dataclass(frozen=True)
class Source:
    """Where one dataset is published, and the SHA-256 of each of its files, uncompressed.

    The compressed files differ from mirror to mirror; their content does not.
    """

    name: str  # also the name of its folder
    title: str
    class_names: tuple[str, ...]
    digests: dict[str, str]
    mirrors: tuple[str, ...]  # each file is at mirror + file + ".gz"
    timeout: float = 10  # how often a mirror must be heard of, in seconds; see `download`


MNIST = Source(
    name="mnist",
    title="MNIST",
    class_names=tuple("0123456789"),
    digests={
        TRAIN_IMAGES: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        TRAIN_LABELS: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        TEST_IMAGES: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        TEST_LABELS: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
)
_CLOTHES = ("T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker")
FASHION_MNIST = Source(
    name="fashion-mnist",
    title="Fashion-MNIST",
    class_names=(*_CLOTHES, "bag", "ankle boot"),
    digests={
        TRAIN_IMAGES: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        TRAIN_LABELS: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        TEST_IMAGES: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        TEST_LABELS: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
    mirrors=(
        "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    ),
)
SOURCES = {source.name: source for source in (MNIST, FASHION_MNIST)}


def mnist(offline: Literal["digits"] | None = None) -> Dataset:
    """Return MNIST: 60,000 training and 10,000 test images of handwritten digits, 28×28.

    It is looked for in ``$MININET_DATA/mnist/``, however that is spelt, or torchvision's ``MNIST/raw/``, under
    the published names or Kaggle's, packed or not; then in the user's cache; then downloaded (not if
    ``$MININET_OFFLINE`` is 1, and not in a browser). Every file is checked, wherever it comes from.
    Raises DatasetUnavailable if it is nowhere; with ``offline="digits"`` the embedded
    digits, enlarged to 28×28, stand in instead, with a StandInWarning. Raises IdxError if
    a file in $MININET_DATA is damaged.
    Source: LeCun, Bottou, Bengio and Haffner (1998), Gradient-Based Learning Applied to Document Recognition.

    >>> print(mnist())  # doctest: +SKIP
    MNIST: 60,000 training and 10,000 test images of 28×28, from $MININET_DATA
    """
    return _load_or_stand_in(MNIST, offline)


def fashion_mnist(offline: Literal["digits"] | None = None) -> Dataset:
    """Return Fashion-MNIST: 60,000 training and 10,000 test images of clothes, 28×28.

    Everything else is as in `mnist`; its folder is called ``fashion-mnist``.
    Source: Xiao, Rasul and Vollgraf (2017), arXiv:1708.07747.

    >>> fashion_mnist().class_names[9]  # doctest: +SKIP
    'ankle boot'
    """
    return _load_or_stand_in(FASHION_MNIST, offline)


def available(name: str) -> bool:
    """Return whether "mnist" or "fashion-mnist" is on this machine, complete and undamaged; asks no network.

    Raises IdxError if a file in $MININET_DATA is damaged.

    >>> available("mnist")  # doctest: +SKIP
    True
    """
    if name not in SOURCES:
        raise ValueError(f"available: expected one of {', '.join(map(repr, SOURCES))}, got {name!r}.")
    return load_local(SOURCES[name], []) is not None


def load(source: Source) -> Dataset:
    """Return the dataset from this machine or from the network; raise DatasetUnavailable if from neither."""
    tried: list[str] = []
    if dataset := load_local(source, tried):
        return dataset
    call = f'{source.name.replace("-", "_")}(offline="digits")'
    if in_browser():
        raise DatasetUnavailable(
            f"{source.title} does not come with the page, and the page downloads nothing. "
            f"What to do: call {call} to work with the embedded 8×8 digits, "
            "or run the notebook on your own machine."
        )
    if os.environ.get("MININET_OFFLINE", "") not in ("", "0"):
        tried.append("the network: not asked, because $MININET_OFFLINE is set")
    else:
        if dataset := _load_from_network(source, tried):
            return dataset
    places = "\n".join(f"- {place}" for place in tried)
    raise DatasetUnavailable(
        f"{source.title} is not on this machine and could not be downloaded.\nTried:\n{places}\n"
        f"What to do: run `python -m mininet.data fetch {source.name}` where there is a network; or set "
        f"MININET_DATA to a folder whose folder {source.name}/ holds the four *-ubyte files, packed or not; "
        f"or call {call} to work with the embedded 8×8 digits."
    )


def load_local(source: Source, tried: list[str]) -> Dataset | None:
    """Return the dataset from $MININET_DATA or the cache, or None; ``tried`` gets the reasons why not."""
    chosen = os.environ.get("MININET_DATA")
    if chosen:
        # no shell has replaced a ~ in a settings file; and a message with the whole path needs no guesses
        folder = Path(os.path.abspath(os.path.expanduser(chosen)))
        # the user chose these files: if one is damaged, say so instead of taking another
        arrays = {file: _read(path, file, source) for file, path in _find(folder, source).items()}
        if len(arrays) == len(source.digests):
            return _assemble(source, arrays, "from $MININET_DATA")
        tried.append(f"$MININET_DATA: {_missing(folder, source, arrays)}")
    else:
        tried.append("$MININET_DATA: not set")
    cache = cache_folder()
    if cache is None:
        tried.append("the cache and the network: need the packages pooch and tqdm (pip install pooch tqdm)")
        return None
    arrays = _load_from_cache(source, cache, tried)
    if len(arrays) == len(source.digests):
        return _assemble(source, arrays, "from the cache")
    tried.append(f"the cache: {_missing(cache, source, arrays)}")
    return None


def _load_or_stand_in(source: Source, offline: Literal["digits"] | None) -> Dataset:
    if offline not in ("digits", None):
        raise ValueError(f'{source.title}: expected offline="digits" or None, got {offline!r}.')
    try:
        return load(source)
    except DatasetUnavailable:
        if offline is None:
            raise
    if in_browser():
        why, where = "does not come with the page", "On your own machine the notebook has"
    else:
        why = "is neither on this machine nor to be had from the network"
        where = f"Where there is a network, `python -m mininet.data fetch {source.name}` gets"
    warnings.warn(
        f"{source.title} {why}: 1,797 embedded digits, enlarged from 8×8 to 28×28, stand in for it. "
        f"The results will not be those in the text. {where} the real images.",
        StandInWarning,
        stacklevel=3,
    )
    small = digits()
    origin = f"digits 8×8 enlarged to 28×28, standing in for {source.title}"
    train, test = enlarge(small.x_train), enlarge(small.x_test)
    return replace(small, source=origin, stand_in=True, x_train=train, x_test=test)


def _find(folder: Path, source: Source) -> dict[str, Path]:
    """Return the path of each file that is there, packed (preferred) or not, and named as published or by Kaggle."""
    found = {}
    folders = _folders(folder, source)
    for file in source.digests:
        kaggle = file.replace("-idx", ".idx")
        # Kaggle's archive also has each file in a folder of its name
        names = [f"{name}{end}" for name in (file, kaggle, f"{file}/{file}") for end in (".gz", "")]
        places = (inside / name for inside in folders for name in names)
        if path := next(filter(os.path.isfile, places), None):
            found[file] = path
    return found


def _folders(folder: Path, source: Source) -> list[Path]:
    """Return where the files may lie: in a folder of the dataset's name, however spelt, and torchvision's in it."""

    def plain(path: str) -> str:
        return path.lower().replace("-", "").replace("_", "")

    try:
        inside = sorted(folder.iterdir(), key=lambda path: (path.name != source.name, path.name))
    except OSError:  # no folder, or not ours to look into
        return []
    named = [path for path in inside if plain(path.name) == plain(source.name)]
    return [path / end for path in named for end in ("", "raw", f"{_torchvision(source)}/raw")]


def _torchvision(source: Source) -> str:
    return source.title.replace("-", "")


def _missing(folder: Path, source: Source, arrays: Arrays) -> str:
    files = ", ".join(file for file in source.digests if file not in arrays) if arrays else "files"
    return f"no {files} in {folder / source.name} or {_torchvision(source)}/raw"


def _read(path: Path, file: str, source: Source) -> Array:
    with path.open("rb") as stream:
        return _check(stream, file, source, str(path))


def _check(stream: BinaryIO, file: str, source: Source, where: str) -> Array:
    """Return the images or labels in a stream whose content must be that of ``file``."""
    content = idx.read_content(stream, where)
    # the shape before the digest, because it says more about what is wrong
    convert = idx.as_images if "images" in file else idx.as_labels
    array: Array = convert(idx.to_array(content), where)
    if sha256(content).hexdigest() != source.digests[file]:
        raise idx.IdxError(
            f"{where}: a well-formed file, but not the one {source.title} consists of (its SHA-256 differs). "
            "It is damaged or belongs to another dataset. Fetch it again."
        )
    return array


def _load_from_cache(source: Source, cache: Path, tried: list[str]) -> Arrays:
    """Return the good files of the cache; damaged ones are deleted, since they can be had again."""
    arrays = {}
    for file, path in _find(cache, source).items():
        try:
            arrays[file] = _read(path, file, source)
        except idx.IdxError as problem:
            tried.append(f"the cache: {problem}")
            with suppress(OSError):  # a read-only cache keeps its damaged file
                path.unlink()
        except OSError as problem:
            tried.append(f"the cache: {problem}")
    return arrays


def _load_from_network(source: Source, tried: list[str]) -> Dataset | None:
    """Return the dataset, downloading what the cache lacks; a mirror is left at its first failure."""
    cache = cache_folder()
    if cache is None:
        return None
    arrays = _load_from_cache(source, cache, [])
    not_kept = ""
    for mirror in source.mirrors:
        try:
            for file in source.digests:
                if file in arrays:
                    continue
                raw = download(f"{mirror}{file}.gz", source.timeout)
                arrays[file] = _check(BytesIO(raw), file, source, f"{file}.gz")
                not_kept = keep(raw, cache / source.name, file) or not_kept
            dataset = _assemble(source, arrays, f"downloaded from {mirror}")
        except (OSError, ValueError) as problem:
            tried.append(f"{mirror}: {problem}")
            continue
        if not_kept:
            warnings.warn(f"{source.title} was downloaded but could not be kept: {not_kept}", stacklevel=2)
        return dataset
    return None


def _assemble(source: Source, arrays: Arrays, origin: str) -> Dataset:
    for images, labels in ((TRAIN_IMAGES, TRAIN_LABELS), (TEST_IMAGES, TEST_LABELS)):
        n, m = len(arrays[images]), len(arrays[labels])
        if n != m:
            raise idx.IdxError(f"{source.title}: {n} images in {images}, but {m} labels in {labels}.")
    train, test = (arrays[TRAIN_IMAGES], arrays[TRAIN_LABELS]), (arrays[TEST_IMAGES], arrays[TEST_LABELS])
    return Dataset(source.title, origin, False, *train, *test, source.class_names)
