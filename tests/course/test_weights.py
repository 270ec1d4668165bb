"""The stored weights: what the file holds, what it is said to reach, and that training them anew does the same."""

import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mininet.arrays import Array, Floats
from mininet.data import available, digits, mnist, to_unit
from mininet.layers import Sequential, mlp
from mininet_course.weights import read_weights
from tests.support.files import BOOK
from tools import train

FILE, REPORT = BOOK / "weights" / "robust.npz", BOOK / "weights" / "robust.json"
DIGITS = BOOK / "weights" / "mnist.npz"  # the demo's
needs_mnist = pytest.mark.skipif(not available("mnist"), reason="MNIST is not on this machine")


@pytest.fixture(scope="module")
def report() -> dict[str, dict[str, dict[str, list[int]]]]:
    result: dict[str, dict[str, dict[str, list[int]]]] = json.loads(REPORT.read_text(encoding="utf-8"))
    return result


@pytest.fixture(scope="module")
def mnist_test_set() -> tuple[Floats, Array]:
    dataset = mnist()
    return to_unit(dataset.x_test.reshape(-1, 784)), dataset.y_test


def stored(name: str, file: Path = FILE) -> Sequential:
    net = mlp(train.SIZES, np.random.default_rng(0))
    net.load_state_dict(read_weights(file, name))
    return net.eval()


def enlarged() -> tuple[tuple[Floats, Array], tuple[Floats, Array]]:
    """Return the small digits at 28×28, as rows: real handwriting that is always here."""
    small = digits()
    x = np.pad(np.kron(to_unit(np.concatenate([small.x_train, small.x_test])), np.ones((1, 3, 3))), 2)[2:-2]
    rows, y = x.reshape(-1, 784).astype(np.float32), np.concatenate([small.y_train, small.y_test])
    return (rows[:1500], y[:1500]), (rows[1500:], y[1500:])


def still_right(net: Sequential, images: tuple[Floats, Array], epsilon: float) -> float:
    x, y = images
    attack = train.by_pgd(epsilon)
    return train.right(net, train.in_parts(lambda x, y: attack(net, x, y), x, y), y) / len(y)


@pytest.mark.parametrize("name", train.STORED)
def test_every_stored_network_has_the_shape_of_the_chapter(name: str) -> None:
    state = read_weights(FILE, name)
    assert {array.dtype for array in state.values()} == {np.dtype(np.float32)}
    assert [state[f"{i}.weight"].shape for i in (0, 2, 4)] == [(784, 100), (100, 200), (200, 10)]
    assert stored(name).forward(np.zeros((3, 784), dtype=np.float32)).shape == (3, 10)


def test_the_file_is_small_and_holds_nothing_else() -> None:
    assert FILE.stat().st_size < 2_000_000
    with np.load(FILE, allow_pickle=False) as file:
        assert {key.split("/")[0] for key in file.files} == set(train.STORED)
        assert {file[key].dtype for key in file.files} == {np.dtype(np.float16)}


def test_what_is_saved_is_what_is_read(tmp_path: Path) -> None:
    net = train.as_stored(mlp([4, 3, 2], np.random.default_rng(0)))
    train._save(tmp_path / "some.npz", {"a net": net})
    state = read_weights(tmp_path / "some.npz", "a net")
    assert set(state) == set(net.state_dict())
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(state[name], array)


def test_a_cut_off_file_is_called_damaged(tmp_path: Path) -> None:
    cut = tmp_path / "robust.npz"
    cut.write_bytes(FILE.read_bytes()[:-2000])
    with pytest.raises(ValueError, match=r"robust.npz is damaged .*python -m tools.train robust"):
        read_weights(cut, "plain")


def test_a_flipped_byte_is_noticed(tmp_path: Path) -> None:
    content = bytearray(FILE.read_bytes())
    content[len(content) // 12] ^= 0xFF  # in the first arrays
    flipped = tmp_path / "robust.npz"
    flipped.write_bytes(content)
    with pytest.raises(ValueError, match="is damaged"):
        for name in train.STORED:
            read_weights(flipped, name)


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    np.savez(tmp_path / "robust.npz", **{"plain/0.weight": np.array([print, None])})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="is damaged or no npz file of weights"):
        read_weights(tmp_path / "robust.npz", "plain")


@pytest.mark.parametrize("content", [b"", b"weights", np.float32(1).tobytes() * 100])
def test_something_else_is_no_file_of_weights(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "robust.npz").write_bytes(content)
    with pytest.raises(ValueError, match="is damaged or no npz file of weights"):
        read_weights(tmp_path / "robust.npz", "plain")


def test_one_array_alone_is_no_file_of_weights(tmp_path: Path) -> None:
    with (tmp_path / "robust.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(ValueError, match="is damaged or no npz file of weights"):
        read_weights(tmp_path / "robust.npz", "plain")


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "robust.npz", **{"plain/0.weight": np.array([1, np.nan], dtype=np.float16)})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"plain/0\.weight holds NaN or infinity"):
        read_weights(tmp_path / "robust.npz", "plain")


def test_a_missing_file_and_an_unknown_network_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no file .*other.npz. Make it anew"):
        read_weights(tmp_path / "other.npz", "plain")
    with pytest.raises(KeyError, match=r"holds no network 'invincible', only FGSM, FGSM 0\.3, PGD"):
        read_weights(FILE, "invincible")


@needs_mnist
@pytest.mark.parametrize("name", train.STORED)
def test_stored_networks_reach_the_accuracy_that_the_report_says(name, report, mnist_test_set) -> None:  # type: ignore[no-untyped-def]
    said = report["white box"][name]["clean"][0]
    assert abs(train.right(stored(name), *mnist_test_set) - said) <= 3


@needs_mnist
@pytest.mark.parametrize("name", ["plain", "noise", "PGD"])
def test_stored_networks_resist_as_the_report_says(name, report, mnist_test_set) -> None:  # type: ignore[no-untyped-def]
    x, y = mnist_test_set
    said = report["white box"][name]["PGD 0.1"][0] / len(y)
    # every tenth: the first thousand images are harder than the rest
    error = np.sqrt(said * (1 - said) / 1000)
    assert abs(still_right(stored(name), (x[::10], y[::10]), 0.1) - said) < 3 * error


def test_the_report_has_a_count_for_every_seed(report) -> None:  # type: ignore[no-untyped-def]
    for table in (report["classic"], report["white box"]):
        for row in table.values():
            assert {len(counts) for counts in row.values()} == {len(report["settings"]["seeds"])}
    assert set(report["classic"]) == set(train.CLASSIC)


def test_the_report_supports_what_the_chapter_claims(report) -> None:  # type: ignore[no-untyped-def]
    hardened, plain = report["white box"]["PGD"], report["white box"]["plain"]
    assert min(hardened["clean"]) >= 9_700
    assert min(hardened["PGD 0.1"]) >= 9_000
    assert max(plain["PGD 0.1"]) < 2_000
    barely = report["classic"]["barely enough"]
    # the control without a defence does as well as the defence
    assert min(barely["another plain"]) >= max(barely["noise"]) - 500
    for row in report["classic"].values():
        assert max(row[train.ITSELF]) < min(row["noise"])


def test_hardening_a_network_from_scratch_makes_it_resist() -> None:
    seen, unseen = enlarged()
    plain = train.plain(seen, 0, epochs=6)
    hardened = train.hardened(seen, 0, steps=3, epsilon=0.1, epochs=12)
    assert still_right(plain, unseen, 0.0) > 0.85
    assert still_right(hardened, unseen, 0.0) > 0.8
    assert still_right(plain, unseen, 0.1) < 0.3
    assert still_right(hardened, unseen, 0.1) > still_right(plain, unseen, 0.1) + 0.3


def test_training_again_with_the_same_seed_gives_the_same_weights() -> None:
    (x, y), _ = enlarged()
    few = x[:300], y[:300]
    nets = [train.hardened(few, 3, steps=2, epsilon=0.1, epochs=2) for _ in range(2)]
    for a, b in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)


def test_images_barely_wrong_are_wrong_and_closer_than_others() -> None:
    seen, (x, y) = enlarged()
    net = train.plain(seen, 0, epochs=6)
    images = train.barely(net, x, y)
    assert train.right(net, images, y) <= 0.05 * len(y)
    assert np.abs(images - x).mean() < np.abs(train.by_fgsm(0.2)(net, x, y) - x).mean()


def test_the_demos_network_has_the_shape_of_the_chapter_and_comes_with_its_test_images() -> None:
    with np.load(DIGITS, allow_pickle=False) as file:
        assert set(file.files) == {
            *(f"mnist/{i}.{part}" for i in (0, 2, 4) for part in ("weight", "bias")),
            "images",
            "labels",
        }
        assert file["images"].shape == (13, 28, 28) and file["images"].dtype == np.uint8
        assert file["labels"].tolist()[:10] == list(range(10))
        x, y = to_unit(file["images"].reshape(-1, 784)), file["labels"]
    assert stored("mnist", DIGITS).forward(x).argmax(axis=1)[:10].tolist() == list(range(10))
    assert (stored("mnist", DIGITS).forward(x).argmax(axis=1) != y)[10:].all()
    assert DIGITS.stat().st_size < 200_000


@needs_mnist
def test_the_demos_network_reads_as_many_test_images_as_its_report_says(mnist_test_set) -> None:  # type: ignore[no-untyped-def]
    report = json.loads(DIGITS.with_suffix(".json").read_text(encoding="utf-8"))
    assert abs(train.right(stored("mnist", DIGITS), *mnist_test_set) - report["right"]["as float16"]) <= 3
    assert abs(report["right"]["as float16"] - report["right"]["as trained"]) <= 3
    with np.load(DIGITS, allow_pickle=False) as file:
        np.testing.assert_array_equal(
            to_unit(file["images"]), mnist_test_set[0].reshape(-1, 28, 28)[report["shown"]]
        )


def test_an_unknown_chapter_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        train.main(["cooking"])
    assert "invalid choice: 'cooking'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "array",
    [
        np.ones(2, dtype=complex),
        np.array(["text"]),
        np.zeros(1, dtype="datetime64[s]"),
        np.zeros(1, dtype="f4,f4"),
    ],
)
def test_weights_that_are_no_real_numbers_are_refused(tmp_path: Path, array: np.ndarray) -> None:
    np.savez(tmp_path / "some.npz", **{"net/0.weight": array})
    with pytest.raises(ValueError, match="expected real numbers"):
        read_weights(tmp_path / "some.npz", "net")


def test_a_file_that_declares_seven_gigabytes_is_refused(tmp_path: Path) -> None:
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1750000000,), }"
    header += b" " * (64 - (len(header) + 11) % 64) + b"\n"
    with zipfile.ZipFile(tmp_path / "boast.npz", "w") as archive:
        archive.writestr("net/w.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
    with pytest.raises(ValueError, match="is damaged"):
        read_weights(tmp_path / "boast.npz", "net")
    np.savez_compressed(tmp_path / "swells.npz", **{"net/w": np.zeros(20_000_000, dtype=np.float32)})
    with pytest.raises(ValueError, match="more than the 67,108,864 allowed"):
        read_weights(tmp_path / "swells.npz", "net")
