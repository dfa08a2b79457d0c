"""A recipe: everything that decides what a training does, read from one TOML file.

Frozen dataclasses with ranges checked. A recipe trains nothing.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from mlmodels.ml.errors import RecipeInvalid
from mlmodels.ml.inference.calibration import Signs
from mlmodels.ml.inference.crops import CropRule

RECIPES = Path(__file__).resolve().parent.parent.parent / "recipes"
BASES = ("mobilenet_v2", "plain_cnn", "deep_cnn", "vgg16")
WEIGHTS = ("imagenet", "imagenet_if_at_hand", "none")
PIXELS = ("minus_one_to_one", "zero_to_one")
SIGNS = {each.name for each in fields(Signs)}
OPTIMIZERS = ("adamw", "adam", "sgd")
# Fields that recipes got after the first stages were kept, with what they meant before.
_LATER: dict[str, Any] = {
    "frozen": False,
    "dense": 0,
    "pixels": "minus_one_to_one",
    "optimizer": "adamw",
    "patience": 0,
    "tint": 0.0,
    "grey": 0.0,
    "overexposed": 0.0,
    "augmentation": None,
    "mean_lab": None,
    "centred": 0.0,
}


@dataclass(frozen=True)
class Architecture:
    """The network.

    Args:
        base: "mobilenet_v2"; or from random weights "plain_cnn", a small network, "deep_cnn",
            one of over 15 million parameters, or "vgg16" without its dense layers.
        alpha: its width, as Keras has it, e.g. 0.35 or 1.0.
        weights: "imagenet", "none", or "imagenet_if_at_hand": from random weights where no file
            of base weights lies in the folder for them; nothing is fetched.
        input_px: side of the crop the network sees, px.
        dropout: share of features dropped before the heads, 0 to below 1.
        batch_norm_momentum: of the moving statistics, 0 to below 1.
        frozen: the base keeps its weights and statistics; only the heads learn.
        dense: width of a layer with ReLU between the features and the heads; 0 for none.
        pixels: what 0 to 255 becomes for the base, "minus_one_to_one" or "zero_to_one".
    """

    base: str = "mobilenet_v2"
    alpha: float = 1.0
    weights: str = "imagenet"
    input_px: int = 128
    dropout: float = 0.2
    batch_norm_momentum: float = 0.99
    frozen: bool = False
    dense: int = 0
    pixels: str = "minus_one_to_one"


@dataclass(frozen=True)
class Crop:
    """How crops are cut: side as a multiple of the nucleus's longer side.

    Args:
        scale: of the crop that is classified.
        wide_scale: of the crop that is kept for augmentation.
        mean_lab: the mean colour that every crop is given in use, see `CropRule`; None for its own.
    """

    scale: float = 1.9
    wide_scale: float = 2.7
    mean_lab: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Augmentation:
    """Strengths of the random changes; zero turns one off.

    Args:
        zoom: scale is drawn from 1/(1+zoom) to 1+zoom.
        shift: of the centre, as a share of the crop's side.
        colour: deviation of the stain matrix and of the channels' gains.
        light: deviation of brightness and gamma.
        blur: share of crops that are blurred or reduced in resolution.
        blur_sigma_px: strongest blur.
        lowest_resolution: strongest reduction, as a factor.
        cut: share of crops that get a picture's edge through them.
        noise: share of crops with sensor noise or JPEG damage.
        tint: how far the crop's mean and spread in CIE L*a*b* move; 1 is another laboratory's.
        grey: share of crops that lose some of their colour.
        overexposed: share of crops whose background and palest parts are blown out.
        centred: share of crops that are given the mean colour of `Crop`, as all are in use.
    """

    zoom: float = 0.25
    shift: float = 0.06
    colour: float = 0.08
    light: float = 0.15
    blur: float = 0.35
    blur_sigma_px: float = 2.0
    lowest_resolution: float = 3.0
    cut: float = 0.15
    noise: float = 0.2
    tint: float = 0.0
    grey: float = 0.0
    overexposed: float = 0.0
    centred: float = 0.0


@dataclass(frozen=True)
class Calibration:
    """How confidence is made honest.

    Args:
        inner_share: part of the training sources kept for it, 0 to 0.5.
        accepted_accuracy: the selective accuracy that the calibration split must reach.
        least_accepted: no cell is accepted below this confidence, 0.5 to 0.99, however many of the
            calibration split are right; cells of another microscope are less often so.
        unfamiliar_percentile: above this percentile of out-of-distribution scores a cell is
            unidentified.
        unusual_percentile: above this one it needs a look.
        lost_cells: share of real cells the objectness may leave unidentified.
        size_percentile: above this percentile of a class's sizes in red cells a nucleus counts
            as too large for it, 50 to 100; 0 where sizes have no part in the answer.
    """

    inner_share: float = 0.1
    accepted_accuracy: float = 0.98
    least_accepted: float = 0.5
    unfamiliar_percentile: float = 99.5
    unusual_percentile: float = 97.5
    lost_cells: float = 0.005
    size_percentile: float = 0.0


@dataclass(frozen=True)
class Safety:
    """From where on a class is accepted, so that what is dangerous there is not.

    Args:
        set: the data folder's set of cells, of several patients, that trains nothing.
        classes: for each of these its own limits are chosen.
        signs: of these, see `Signs`: the more, the more is chosen by chance.
        grave: classes that must not be accepted as any of these.
        most_grave: share of their cells that may be, of each class, 0 to 1.
        dangerous: classes that must hardly be accepted.
        doubtful: classes that the set names roughly; what is accepted of them counts as no error.
        most_dangerous: the same share of their cells, 0 to 1.
        shown: classes of the set of which a person is to see that they may be such.
        least_shown: share of their cells that is named as a class that a person always looks at, or
            as none, 0 to 1; 0 asks for nothing.
        least_right: share of the accepted cells of `classes` that must be right, 0 to 1.
    """

    set: str
    classes: tuple[str, ...]
    grave: tuple[str, ...]
    dangerous: tuple[str, ...]
    doubtful: tuple[str, ...] = ()
    signs: tuple[str, ...] = ("confidence", "percentile")
    most_grave: float = 0.0
    most_dangerous: float = 0.0
    shown: tuple[str, ...] = ()
    least_shown: float = 0.0
    least_right: float = 0.98


@dataclass(frozen=True)
class Alarm:
    """When a film raises an alarm since it may hold blasts; see `inference/alarm.py`.

    Args:
        set: the data folder's set of cells, of several patients, that trains nothing.
        grave: its classes that the alarm is for.
        classes: of the network, those that such cells are taken for, as far as it has them.
        against: of the network, see `AlarmRule`.
        healthy: further sets whose mature cells must raise no alarm; their split "test" stays out.
        doubtful: classes that `set` names roughly; their cells are left out.
        not_white: of the network.
        strangeness: nats a percentile.
        foreign_by: "percentile" or "suspicion", see `AlarmRule`.
        bands: medians of it up to which films are alike, rising to 100; without them one for each
            set of healthy cells, up to its own films' medians.
        chance: with which a healthy film may be alarmed, 0 to 1.
        least_share: of suspicious cells that healthy films are taken to have at least, 0 to 1.
        least_cells: fewer make no alarm.
        seed: of the films that are drawn.
    """

    set: str
    grave: tuple[str, ...]
    classes: tuple[str, ...]
    against: tuple[str, ...]
    healthy: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    not_white: tuple[str, ...] = ("erythroblast", "platelet")
    strangeness: float = 0.05
    foreign_by: str = "percentile"
    bands: tuple[float, ...] = ()
    chance: float = 0.02
    least_share: float = 0.002
    least_cells: int = 2
    seed: int = 7


@dataclass(frozen=True)
class Stage:
    """One stretch of training.

    Args:
        name: shown in the metrics.
        shares: part of each batch from each set, by the set's name; they add up to 1.
        epochs: how many.
        crops_per_epoch: how many crops an epoch draws.
        batch: crops a step.
        learning_rate: the peak; warms up, then falls by a cosine to zero.
        warmup_steps: length of the warm-up.
        weight_decay: of AdamW alone.
        label_smoothing: 0 to below 1.
        class_power: a class of n pictures is drawn in proportion to n to this power.
        negatives: part of each batch that is no cell.
        cell_weight: weight of the objectness in the loss.
        optimizer: "adamw", "adam", or "sgd" with a momentum of 0.9.
        patience: ends after so many epochs in which the loss on the calibration split did not fall,
            and takes the weights of its best epoch; 0 for never.
        augmentation: of this stage, instead of the recipe's.
    """

    name: str
    shares: dict[str, float]
    epochs: int = 4
    crops_per_epoch: int = 9600
    batch: int = 64
    learning_rate: float = 1e-3
    warmup_steps: int = 100
    weight_decay: float = 1e-4
    label_smoothing: float = 0.05
    class_power: float = 0.5
    negatives: float = 0.08
    cell_weight: float = 0.3
    optimizer: str = "adamw"
    patience: int = 0
    augmentation: Augmentation | None = None


@dataclass(frozen=True)
class Recipe:
    """A whole recipe.

    Args:
        name, version: what it is called; both go on the card.
        architecture, crop, augmentation, calibration: see there.
        stages: in order.
        classes: what the network tells apart, in the order of its logits; empty where the data or
            the shipped classes say it.
        unlike: classes of the sets that are none of these: their cells teach to be unsure.
        absent: by set, classes of which its source had no cells. Its crops then say nothing of
            them, so that a set's looks do not come to mean that there are none.
        safety: how acceptance is chosen for some classes by themselves; None for all alike.
        alarm: when a film raises an alarm; None for never.
        average_from: the weights after so many stages and those after the last are averaged, which
            keeps what later stages would unlearn; 0 for the last ones alone.
        average_share: of the earlier ones in that average, above 0 and below 1.
        views: mirrored and turned views of a crop whose answers are averaged, 1 to 8.
        eight_bits: whether a network of eight bits is tried beside the float one.
        seed: of everything random.
        summary: one line for people who choose a recipe; without it none is offered.
        crops_per_second: trained on two cores, a first estimate; 0 where there is none.
        text: the file as it stands.
    """

    name: str
    version: str
    architecture: Architecture
    crop: Crop
    augmentation: Augmentation
    calibration: Calibration
    stages: tuple[Stage, ...]
    classes: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    absent: dict[str, list[str]] = field(default_factory=dict)
    safety: Safety | None = None
    alarm: Alarm | None = None
    average_from: int = 0
    average_share: float = 0.5
    views: int = 1
    eight_bits: bool = False
    seed: int = 7
    summary: str = ""
    crops_per_second: float = 0.0
    text: str = ""

    @property
    def sha256(self) -> str:
        """Of the recipe's text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def crop_rule(self) -> CropRule:
        """How the network's crops are cut."""
        return CropRule(self.crop.scale, self.architecture.input_px, self.crop.mean_lab)

    @property
    def trains_one_set(self) -> bool:
        """Whether a dataset of somebody's own is all it trains on."""
        return all(set(stage.shares) == {"own"} for stage in self.stages)

    @property
    def crops(self) -> int:
        """Crops that all its epochs draw."""
        return sum(stage.epochs * stage.crops_per_epoch for stage in self.stages)


def load_recipe(name: str) -> Recipe:
    """Read a recipe by its name in `mlmodels/recipes`, or by the path of a file.

    Raises:
        RecipeInvalid: there is none, or it is no good.
    """
    file = Path(name) if name.endswith(".toml") else RECIPES / f"{name}.toml"
    if not file.is_file():
        known = ", ".join(sorted(p.stem for p in RECIPES.glob("*.toml")))
        raise RecipeInvalid(f"There is no recipe {name}. There are: {known}.")
    return parse_recipe(file.read_text(encoding="utf-8"))


def parse_recipe(text: str) -> Recipe:
    """Make a recipe of TOML text.

    Raises:
        RecipeInvalid: not TOML, an unknown or missing field, a wrong type or range.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeInvalid(f"The recipe is not valid TOML: {error}.") from error
    parts: dict[str, Any] = {
        "architecture": _part(Architecture, table.pop("architecture", {})),
        "crop": _part(Crop, _with_tuples(table.pop("crop", {}))),
        "augmentation": _part(Augmentation, table.pop("augmentation", {})),
        "calibration": _part(Calibration, table.pop("calibration", {})),
        "stages": tuple(_stage(stage) for stage in table.pop("stages", [])),
        "safety": _choice(Safety, table.pop("safety", None)),
        "alarm": _choice(Alarm, table.pop("alarm", None)),
        "text": text,
    }
    recipe = _part(Recipe, {**_with_tuples(table), **parts})
    _check(recipe)
    return recipe


def deciding(part: Architecture | Crop | Augmentation | Stage) -> dict[str, Any]:
    """The fields of a part that decide the weights.

    Fields that came later are left out where they say what was done before they came, so that
    stages kept from then are still found.
    """
    found = {
        name: value
        for name, value in asdict(part).items()
        if name not in _LATER or value != _LATER[name]
    }
    if isinstance(part, Stage) and part.augmentation:
        found["augmentation"] = deciding(part.augmentation)
    return found


def _stage(table: dict[str, Any]) -> Stage:
    if "augmentation" in table:
        table = {**table, "augmentation": _part(Augmentation, table["augmentation"])}
    stage: Stage = _part(Stage, table)
    return stage


def _choice(kind: type, table: dict[str, Any] | None) -> Any:
    if table is None:
        return None
    return _part(kind, _with_tuples(table))


def _with_tuples(table: dict[str, Any]) -> dict[str, Any]:
    """A table whose lists are tuples, as frozen parts have them."""
    return {name: tuple(v) if isinstance(v, list) else v for name, v in table.items()}


def _part(kind: type, table: dict[str, Any]) -> Any:
    known = {each.name: each for each in fields(kind)}
    for key in table:
        if key not in known:
            raise RecipeInvalid(f"The recipe has the unknown field {key}.")
    for each in known.values():
        is_needed = each.default is MISSING and each.default_factory is MISSING
        if each.name not in table and is_needed:
            raise RecipeInvalid(f"The recipe lacks the field {each.name}.")
        value, wanted = table.get(each.name), str(each.type)
        fits: dict[str, tuple[type, ...]] = {
            "int": (int,),
            "bool": (bool,),
            "float": (int, float),
            "str": (str,),
            "dict[str, float]": (dict,),
            "dict[str, list[str]]": (dict,),
        }
        if value is not None and wanted in fits and not isinstance(value, fits[wanted]):
            raise RecipeInvalid(f"The recipe's field {each.name} must be {wanted}.")
    return kind(**table)


def _check(recipe: Recipe) -> None:
    """Ranges that no type tells."""
    a, c = recipe.architecture, recipe.calibration
    claims = [
        (a.base in BASES, f"base must be one of {', '.join(BASES)}"),
        (
            a.base == "mobilenet_v2" or a.weights == "none",
            f"{a.base} has no imagenet weights here",
        ),
        (a.weights in WEIGHTS, f"weights must be one of {', '.join(WEIGHTS)}"),
        (not a.frozen or a.weights == "imagenet", "only imagenet weights can be frozen"),
        (0 <= a.dense <= 4096, "dense must be 0 to 4096"),
        (a.pixels in PIXELS, f"pixels must be {' or '.join(PIXELS)}"),
        (32 <= a.input_px <= 512, "input_px must be 32 to 512"),
        (0 <= a.dropout < 1, "dropout must be 0 to below 1"),
        (0 <= a.batch_norm_momentum < 1, "batch_norm_momentum must be 0 to below 1"),
        (1 <= recipe.crop.scale <= recipe.crop.wide_scale, "scale must be 1 to wide_scale"),
        (
            recipe.crop.mean_lab is None or len(recipe.crop.mean_lab) == 3,
            "mean_lab must be three numbers",
        ),
        (not set(recipe.classes) & set(recipe.unlike), "a class cannot be unlike itself"),
        (
            all(set(classes) < set(recipe.classes) for classes in recipe.absent.values()),
            "absent classes must be some of the recipe's classes",
        ),
        (
            set(recipe.absent) <= {s for stage in recipe.stages for s in stage.shares},
            "absent must name sets of the recipe's stages",
        ),
        (0 < c.inner_share <= 0.5, "inner_share must be above 0 and at most 0.5"),
        (0.5 <= c.least_accepted <= 0.99, "least_accepted must be 0.5 to 0.99"),
        (
            c.size_percentile == 0 or 50 <= c.size_percentile <= 100,
            "size_percentile must be 0 or 50 to 100",
        ),
        (1 <= recipe.views <= 8, "views must be 1 to 8"),
        (len(recipe.stages) > 0, "there must be a stage"),
        (
            0 <= recipe.average_from < max(len(recipe.stages), 1),
            "average_from must be 0 or a stage before the last",
        ),
        (0 < recipe.average_share < 1, "average_share must be above 0 and below 1"),
        (
            recipe.safety is None or set(recipe.safety.signs) <= SIGNS,
            f"signs: {', '.join(sorted(SIGNS))}",
        ),
    ]
    if recipe.alarm is not None:
        bands = recipe.alarm.bands
        rises = list(bands) == sorted(set(bands)) and bands[-1:] in ((), (100.0,))
        claims.append((rises, "bands must rise to 100"))
        is_known = recipe.alarm.foreign_by in ("percentile", "suspicion")
        claims.append((is_known, "foreign_by must be percentile or suspicion"))
        is_plain = recipe.alarm.foreign_by == "percentile" or recipe.alarm.strangeness == 0
        claims.append((is_plain, "strangeness must be 0 where suspicion tells foreign films"))
        claims.append((0 < recipe.alarm.chance < 1, "chance must be above 0 and below 1"))
        claims.append((recipe.alarm.least_cells >= 1, "least_cells must be 1 or more"))
    for stage in recipe.stages:
        total = sum(stage.shares.values())
        claims.append((abs(total - 1) < 1e-6, f"shares of stage {stage.name} must add up to 1"))
        claims.append((stage.epochs >= 1, f"stage {stage.name} needs an epoch"))
        claims.append((0 <= stage.negatives < 0.5, "negatives must be 0 to below 0.5"))
        claims.append((stage.optimizer in OPTIMIZERS, f"optimizer: {', '.join(OPTIMIZERS)}"))
        claims.append((stage.patience >= 0, "patience must be 0 or more"))
    for holds, sentence in claims:
        if not holds:
            raise RecipeInvalid(f"The recipe is out of range: {sentence}.")
