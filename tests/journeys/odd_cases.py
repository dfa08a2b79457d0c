"""What is expected of each row of `cases.csv`, by hand: its words as something to check.

Where the row leaves a choice between reading and a sentence, the product reads.
"""

from tests.journeys.odd_datasets import imported
from tests.journeys.odd_pictures import (
    Check,
    about_cells,
    cells_named,
    either,
    noted,
    nothing_accepted_but,
    refused_naming,
    rendition_equals,
)
from tests.journeys.odd_requests import (
    an_outcome_for_each,
    answers,
    no_row_and_a_sentence,
    samples_answer,
    the_second_tab_is_signed_in,
    the_winner_stays_signed_in,
)

COLOUR, GREY = rendition_equals("reference.png"), rendition_equals("reference_gray.png")
TWO_CLASSES = imported({"neutrophil": 3, "monocyte": 3})

PICTURES: dict[str, Check] = {
    "planar16_rgb.tif": COLOUR,
    "minwhite16.tif": GREY,
    "gray16_12bit.tif": GREY,
    "rgb16_12bit.tif": COLOUR,
    "gray16_12bit_imagej.tif": GREY,
    "float01_gray.tif": GREY,
    "uint32_gray.tif": GREY,
    "rgba_alpha0.tif": either(COLOUR, noted("transparent", "blank")),
    "icc_prophoto.jpg": COLOUR,
    "gama_linear.png": COLOUR,
    "dng_preview.dng": refused_naming("raw"),
    "jpeg_no_eoi.jpg": COLOUR,
    "png_big_xmp.png": COLOUR,
    "png_bad_text_crc.png": COLOUR,
    "tiff_thumbnail_page.tif": COLOUR,
    "imagej_composite.tif": COLOUR,
    "float01_rgb.tif": rendition_equals("reference.png", corner=(150, 110)),
    "tiff_webp_inside.tif": COLOUR,
    "os2_16byte_header.bmp": COLOUR,
    # It was compressed with loss, which alone comes to 2.6 levels.
    "avif_called_heic.avif": rendition_equals("reference.png", within=5),
    "heic_hevx.heic": refused_naming("heic", but_not=("upload a jpeg",)),
    "grey_field.jpg": noted("colour"),
    "field_36_lymphocytes.jpg": about_cells(36, within=2),
    "field_18_neutrophils_18_lymphocytes.jpg": cells_named(neutrophil=18, lymphocyte=18, within=1),
    "ring_blue_neutrophil_247.jpg": nothing_accepted_but("neutrophil"),
    "ring_magenta_lymphocyte_76.jpg": nothing_accepted_but("lymphocyte"),
}

DATASETS: dict[str, Check] = {
    "pbc_as_published.zip": imported(
        dict.fromkeys(
            (
                "basophil",
                "erythroblast",
                "immature_granulocyte",
                "lymphocyte",
                "neutrophil",
                "platelet",
            ),
            3,
        )
    ),
    "plural_class_folders.zip": TWO_CLASSES,
    "abbreviated_class_folders.zip": imported(
        {"neutrophil": 3, "monocyte": 3, "immature_granulocyte": 3}
    ),
    # One source even under two classes.
    "class_then_patient_folder.zip": imported(
        {"neutrophil": 4, "monocyte": 4}, sources={"patient1": 4, "patient2": 4}
    ),
    "backslash_paths.zip": TWO_CLASSES,
    "manifest_semicolon.zip": TWO_CLASSES,
    "manifest_backslash.zip": TWO_CLASSES,
    "manifest_empty_rows.zip": TWO_CLASSES,
    "manifest_dot_slash.zip": TWO_CLASSES,
    "zwnj_in_file_name.zip": TWO_CLASSES,
}

REQUESTS: dict[str, Check] = {
    "multipart_latin1_name.bin": an_outcome_for_each("one.jpg", None, "three.jpg"),
    "chunked_upload.sh": either(answers(200, 202), answers(411, naming=("length",))),
    "refresh_twice_at_once.txt": the_winner_stays_signed_in(),
    "accession_nfc_nfd.json": samples_answer(201, 409),
    "accession_double_space.json": samples_answer(201, 409),
    "accession_fullwidth.json": samples_answer(201, 409),
    "patient_ideographic_space.json": samples_answer(201),
    "accession_nbsp.json": samples_answer(201, as_="26 H #"),
    "predict_json.sh": answers(415, naming=("multipart",), but_not=("send json",)),
    "field_named_file.sh": answers(400, naming=("file", "files")),
    "uuid_upper_case.sh": answers(200),
    "search_65_characters.txt": no_row_and_a_sentence(),
    "second_tab_sign_in.txt": the_second_tab_is_signed_in(),
}

CHECKS: dict[str, Check] = {**PICTURES, **DATASETS, **REQUESTS}
