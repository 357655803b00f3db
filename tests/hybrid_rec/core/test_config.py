"""Configuration: presets, TOML, and what it says about mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hybrid_rec import ConfigError, CooccurrenceConfig, HybridConfig, WeightsConfig
from hybrid_rec.core.config import Section


def sections() -> list[type[Section]]:
    return [
        HybridConfig,
        *(
            type(getattr(HybridConfig(), name))
            for name in (
                "cooccurrence",
                "titles",
                "cold_start",
                "weights",
                "index",
            )
        ),
    ]


def test_presets_fill_in_what_is_not_given() -> None:
    notebook = CooccurrenceConfig(preset="notebook")
    assert (notebook.vector_size, notebook.window, notebook.negative) == (32, 20, 50)
    assert (notebook.min_count, notebook.skip_gram, notebook.epochs) == (1, False, 5)
    assert CooccurrenceConfig(preset="notebook", epochs=7).epochs == 7
    assert CooccurrenceConfig(preset="skipgram").skip_gram


def test_frozen() -> None:
    config = HybridConfig()
    with pytest.raises(ValidationError, match="frozen"):
        config.seed = 3  # type: ignore[misc]


@pytest.mark.parametrize("section", sections())
def test_every_field_is_documented(section: type[Section]) -> None:
    for name, field in section.model_fields.items():
        assert field.description, f"{section.__name__}.{name}"


def test_toml_round_trip(tmp_path: Path) -> None:
    config = HybridConfig(
        seed=5,
        cooccurrence={"preset": "notebook", "epochs": 9},
        weights={"artist": 0.7},
        titles={"encoder": "tfidf", "cache_dir": tmp_path},
    )
    path = tmp_path / "hybrid.toml"
    path.write_text(config.to_toml(), encoding="utf-8")
    assert HybridConfig.from_toml(path) == config


def test_toml_leaves_defaults(tmp_path: Path) -> None:
    path = tmp_path / "hybrid.toml"
    path.write_text("[weights]\nartist = 0.9\n", encoding="utf-8")
    assert HybridConfig.from_toml(path) == HybridConfig(weights=WeightsConfig(artist=0.9))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sed": 1}, "HybridConfig has no parameter 'sed'; did you mean 'seed'?"),
        (
            {"weights": {"titel": 1}},
            "there is no block 'titel'; did you mean 'title'?",
        ),
        ({"zzzzzz": 1}, "HybridConfig has no parameter 'zzzzzz'; valid are cooccurrence, blocks, "),
        (
            {"cooccurrence": {"vector_size": 0}},
            "The 'vector_size' parameter of CooccurrenceConfig must be greater than or equal to 1, "
            "got 0 instead.",
        ),
        ({"seed": "x"}, "The 'seed' parameter of HybridConfig must be a valid integer"),
        ({"weights": {"artist": -1}}, "must be greater than or equal to 0, got -1 instead"),
        ({"cooccurrence": {"preset": "noteboo"}}, "must be 'recommendation', 'notebook' or 'skip"),
        ({"weights": 3}, "WeightsConfig must be a valid dictionary"),
    ],
)
def test_mistakes_are_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        HybridConfig(**arguments)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "config file must be readable"),
        (b"seed = ", "config file must be TOML"),
        (b"\xff\xfe", "config file must be TOML"),
        (
            b"[weights]\nartst = 1",
            "hybrid.toml: weights must name .* no block 'artst'",
        ),
    ],
)
def test_bad_files(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "hybrid.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        HybridConfig.from_toml(path)


def test_a_path_with_a_nul() -> None:
    with pytest.raises(ConfigError, match="config file must be"):
        HybridConfig.from_toml("a\0b.toml")


@pytest.mark.parametrize("seed", [-1, 2**32, "x"])
def test_another_seed_is_checked(seed: Any) -> None:
    config = HybridConfig(cooccurrence={"preset": "notebook", "window": 7}, seed=1)
    assert config.with_seed(5) == HybridConfig(**{**config.model_dump(), "seed": 5})
    with pytest.raises(ConfigError, match="'seed' parameter of HybridConfig must be"):
        config.with_seed(seed)


@pytest.mark.parametrize(
    "sections",
    [
        {"cooccurrence": {"window": 2**32}},
        {"cooccurrence": {"negative": 2**32}},
        {"cooccurrence": {"epochs": 2**32}},
        {"cooccurrence": {"workers": 2**32}},
        {"weights": {"title": 1e20}},
        {"weights": {"title": float("inf")}},
        {"cold_start": {"shrinkage": float("inf")}},
        {"cold_start": {"ridge": 1e20}},
    ],
)
def test_values_that_no_library_can_take(sections: Any) -> None:
    with pytest.raises(ConfigError, match=r"must be (less than or equal to|a finite number)"):
        HybridConfig(**sections)


OLD_NAMES = [
    ({"cold_start": {"ladder": False}}, "ladder", "fallback"),
    ({"ranking": {"sources": ("linear", "cold")}}, "sources", "generators"),
    ({"ranking": {"evidence": {"ease_l2": 7.0}}}, "evidence", "statistics"),
    (
        {"ranking": {"statistics": {"artist_neighbours": 7}}},
        "artist_neighbours",
        "group_neighbours",
    ),
    ({"ranking": {"statistics": {"factors": {"size": 7}}}}, "factors", "als"),
    ({"ranking": {"statistics": {"factors_few": {"size": 7}}}}, "factors_few", "als_small"),
    ({"ranking": {"statistics": {"factors_many": {"size": 7}}}}, "factors_many", "als_large"),
]


def renamed(data: Any, old: str, new: str) -> Any:
    if not isinstance(data, dict):
        return data
    return {new if k == old else k: renamed(v, old, new) for k, v in data.items()}


@pytest.mark.parametrize(("given", "old", "new"), OLD_NAMES)
def test_an_old_name_still_works_and_says_the_new_one(given: Any, old: str, new: str) -> None:
    with pytest.warns(FutureWarning, match=f"'{old}' of .* is called '{new}' now; rename it"):
        config = HybridConfig(**given)
    assert config == HybridConfig(**renamed(given, old, new)) != HybridConfig()


def test_an_old_and_a_new_name_at_once_are_refused() -> None:
    with pytest.raises(ConfigError, match="'ladder' and 'fallback', which are the same"):
        HybridConfig(cold_start={"ladder": False, "fallback": True})


def test_weights_of_a_block_that_is_not_there() -> None:
    blocks = {"genre": {"kind": "categories", "columns": ["genre"]}}
    config = HybridConfig(blocks=blocks, weights={"genre": 0.4})
    assert config.weights.of("genre", 0.05) == 0.4
    assert HybridConfig(blocks=blocks).weights.of("genre", 0.05) == 0.05
    with pytest.raises(ConfigError, match="no block 'gener'; did you mean 'genre'"):
        HybridConfig(blocks=blocks, weights={"gener": 0.4})
    with pytest.raises(ConfigError, match="no block 'genre'"):
        HybridConfig(weights={"genre": 0.4})
    with pytest.raises(ConfigError, match=r"'genre' parameter .*greater than or equal to 0"):
        HybridConfig(blocks=blocks, weights={"genre": -0.4})


@pytest.mark.parametrize("text", ["a = " + "[" * 5_000, "a = " + "{b = " * 5_000, "a." * 5_000])
def test_toml_that_is_nested_deeply_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "deep.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"config file must be TOML, got .*deep.toml") as error:
        HybridConfig.from_toml(tmp_path / "deep.toml")
    assert len(str(error.value)) < 1000
