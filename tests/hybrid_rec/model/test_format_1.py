"""Models of format 1: loaded, asked, and saved again in the format of today."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import lightgbm
import numpy as np
import pytest
from scipy import sparse

from hybrid_rec import ArtifactError, HybridRecommender
from hybrid_rec.core.files import files_in, sha256
from hybrid_rec.core.progress import Progress
from hybrid_rec.model import format_1
from hybrid_rec.ranking.feature_set import features_of
from tests.data import make_model_v1

FOLDER = Path(make_model_v1.__file__).parent / "model_v1"
WORLD = make_model_v1.world()


@pytest.fixture(scope="module")
def old() -> HybridRecommender:
    return HybridRecommender.load(FOLDER)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy that may be changed."""
    shutil.copytree(FOLDER, tmp_path / "model")
    return tmp_path / "model"


def relist(folder: Path, **changes: object) -> None:
    """List the files that are there with their checksums, as format 1 did: without a digest."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    listed = {name: sha256(folder / name) for name in files_in(folder) if name != path.name}
    path.write_text(json.dumps({**manifest, "files": listed, **changes}))


@pytest.mark.parametrize("mmap", [False, True])
def test_it_is_a_model_of_blocks(mmap: bool) -> None:
    manifest = json.loads((FOLDER / "manifest.json").read_text())
    assert manifest["format_version"] == 1
    model = HybridRecommender.load(FOLDER, mmap=mmap).model_
    assert model.catalog == WORLD.catalog
    assert model.playlists.to_lists(model.catalog) == WORLD.training.to_lists(WORLD.catalog)
    assert model.blocks.names == ("title", "artist", "tags")
    assert (model.blocks.group, model.blocks.n_groups) == (
        "artist",
        model.index.one_hot["artist"].shape[1],
    )
    assert list(model.cold_map.columns) == ["title", "tags"]
    assert model.ranking is not None
    assert set(model.ranking.weights) == {"cooccurrence", "popularity", "title", "artist", "tags"}
    assert model.config.ranking.statistics.als_small.size == 4
    assert model.config.ranking.statistics.group_neighbours == 5


def test_its_blocks_are_those_of_its_index(old: HybridRecommender) -> None:
    model = old.model_
    rows = model.blocks.encode(model.catalog.table, Progress())
    dense = model.index.blocks(np.arange(len(model.catalog)))
    np.testing.assert_allclose(rows["title"], dense["title"], atol=1e-6)
    for name in ("artist", "tags"):
        np.testing.assert_allclose(
            rows[name].toarray(), model.index.one_hot[name].toarray(), atol=1e-6
        )


@pytest.mark.parametrize("mmap", [False, True])
def test_saved_again_it_is_of_format_2_and_answers_the_same(
    old: HybridRecommender, tmp_path: Path, mmap: bool
) -> None:
    old.save(tmp_path / "model")
    assert json.loads((tmp_path / "model" / "manifest.json").read_text())["format_version"] == 2
    new = HybridRecommender.load(tmp_path / "model", mmap=mmap)
    assert new.config == old.config
    asked = WORLD.asked
    for one, other in (
        (old.recommend(asked, 20), new.recommend(asked, 20)),
        (old.recommend(asked, 20, weights={}), new.recommend(asked, 20, weights={})),
        (old.similar_items(asked[0]), new.similar_items(asked[0])),
        [model.recommend_for_new_items(WORLD.described) for model in (old, new)],
    ):
        assert one.item_ids.tolist() == other.item_ids.tolist()
        assert one.scores.tobytes() == other.scores.tobytes()
        assert one.sources.tolist() == other.sources.tolist()
    new.save(tmp_path / "again")
    for name in files_in(tmp_path / "model"):
        assert (tmp_path / "model" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


@pytest.mark.parametrize(
    ("name", "attribute"), [("ranker.txt", "usual"), ("ranker_new.txt", "new")]
)
def test_features_are_renumbered(old: HybridRecommender, name: str, attribute: str) -> None:
    model = old.model_
    assert model.ranking is not None
    ranker = model.ranking.ranker
    assert ranker.names == tuple(features_of(model.blocks))
    text = (FOLDER / name).read_text()
    before = lightgbm.Booster(model_str=text)
    after = lightgbm.Booster(model_str=getattr(ranker, attribute).trees)
    assert after.feature_name() == list(ranker.names)
    # The column of today of each column of then.
    names = [format_1._FEATURES.get(one, one) for one in before.feature_name()]
    assert sorted(names) == sorted(ranker.names)
    rows = np.random.default_rng(0).normal(2.0, 4.0, size=(500, len(names)))
    places = [ranker.names.index(one) for one in names]
    moved = np.empty_like(rows)
    moved[:, places] = rows
    assert before.predict(rows).tobytes() == after.predict(moved).tobytes()
    assert len(np.unique(before.predict(rows))) > 20
    gains = dict(zip(names, before.feature_importance("gain"), strict=True))
    assert gains == dict(zip(ranker.names, after.feature_importance("gain"), strict=True))


def test_features_of_a_block_that_is_not_there_are_left_out() -> None:
    text = (FOLDER / "ranker.txt").read_text()
    found = re.search("^feature_names=(.*)$", text, re.MULTILINE)
    assert found is not None
    names = [format_1._FEATURES.get(one, one) for one in found[1].split()]
    used = {
        names[int(number)]
        for line in re.findall("^split_feature=(.*)$", text, re.MULTILINE)
        for number in line.split()
    }
    left_out = next(name for name in names if name not in used)
    fewer = [name for name in names if name != left_out]
    after = lightgbm.Booster(model_str=format_1._translated(text, fewer))
    assert after.feature_name() == fewer
    before = lightgbm.Booster(model_str=text)
    rows = np.random.default_rng(0).normal(2.0, 4.0, size=(300, len(names)))
    moved = rows[:, [names.index(name) for name in fewer]]
    assert before.predict(rows).tobytes() == after.predict(moved).tobytes()
    without = [name for name in names if name != min(used)]
    with pytest.raises(ArtifactError, match="look at features that the model lacks; fit again"):
        format_1._translated(text, without)
    # What later versions look at beside them is no matter.
    assert format_1._translated(text, [*names, "another"]) == format_1._translated(text, names)
    with pytest.raises(ArtifactError, match="must name their features"):
        format_1._translated("nothing", names)


def test_it_is_updated_like_any_other(tmp_path: Path) -> None:
    model = HybridRecommender.load(FOLDER)
    model.update(WORLD.new_playlists, WORLD.new_items)
    assert model.model_.catalog.item_ids[-1] == "new"
    model.save(tmp_path / "model")
    loaded = HybridRecommender.load(tmp_path / "model")
    one, other = (m.recommend(WORLD.asked, 10) for m in (model, loaded))
    assert one.item_ids.tolist() == other.item_ids.tolist()
    assert one.scores.tobytes() == other.scores.tobytes()


def test_a_save_over_it_replaces_it(old: HybridRecommender, copied: Path) -> None:
    old.save(copied)
    assert not (copied / "ranker.txt").exists()
    assert HybridRecommender.load(copied).model_.catalog == WORLD.catalog


def test_every_damaged_file_is_named(copied: Path) -> None:
    for name in files_in(copied):
        if name == "manifest.json":
            continue
        whole = (copied / name).read_bytes()
        changed = bytearray(whole)
        changed[len(changed) // 2] ^= 1
        (copied / name).write_bytes(changed)
        with pytest.raises(ArtifactError, match=re.escape(name)):
            HybridRecommender.load(copied)
        (copied / name).unlink()
        with pytest.raises(ArtifactError, match=re.escape(name)):
            HybridRecommender.load(copied)
        (copied / name).write_bytes(whole)
    HybridRecommender.load(copied)


def test_files_that_fit_their_checksums_but_not_each_other(copied: Path) -> None:
    sources = np.load(copied / "sources.npy")
    for wrong in (sources[:-1], sources.astype(np.int64), np.full_like(sources, 9)):
        np.save(copied / "sources.npy", wrong)
        relist(copied)
        with pytest.raises(ArtifactError, match=r"sources\.npy must hold"):
            HybridRecommender.load(copied)
    np.save(copied / "sources.npy", sources)
    tags = np.load(copied / "text_tags.npy")
    np.save(copied / "text_tags.npy", tags + 1000)
    relist(copied)
    with pytest.raises(ArtifactError, match="text_tags"):
        HybridRecommender.load(copied)
    np.save(copied / "text_tags.npy", tags)
    artists = sparse.load_npz(copied / "artist.npz")
    fewer = sparse.csr_array(artists[:, 1:])
    sparse.save_npz(copied / "artist.npz", fewer, compressed=False)
    relist(copied)
    with pytest.raises(ArtifactError, match="the index must hold 80 items in the blocks"):
        HybridRecommender.load(copied)
