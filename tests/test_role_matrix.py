"""Every address, every method, every role: what is answered. Written by hand, never derived.

A new URL, or a new method of one, has to be entered here before this test passes. Wrong role is
403, another laboratory's is 404, nobody is led to sign in (pages) or gets 401 (API).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.db import transaction
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AuditCheck, Role, User
from predictions.models import DriftFinding, DriftWatch
from tests.factories.cases import make_signed
from tests.factories.datasets import make_open_dataset
from tests.factories.exchange import make_connection
from tests.factories.exports import make_export, write
from tests.factories.images import make_archive, make_image
from tests.factories.labels import make_own_label
from tests.factories.models import make_gate, make_paper_version
from tests.factories.near_duplicates import make_act
from tests.factories.people import PASSWORD, make_laboratory, make_user
from tests.factories.profiles import make_profile
from tests.factories.quality.second_reads import make_control_slide, make_differing, make_reading
from tests.factories.results import fail_image, make_cell
from tests.factories.training import make_failed_run

SIGN_IN = "sign-in"  # 302 to the sign-in page; any other 302 leads on

# The last two are of another laboratory than the rows the addresses name.
ACTORS = ("anonymous", "technician", "doctor", "admin", "other_technician", "other_admin")

# fmt: off
MATRIX: dict[tuple[str, str], tuple[int | str, ...]] = {
    # URL name, method                         anonymous technician doctor admin other_t other_a
    ("home", "GET"):                           (200,     200, 200, 200, 200, 200),
    ("about", "GET"):                          (200,     200, 200, 200, 200, 200),
    ("healthz", "GET"):                        (200,     200, 200, 200, 200, 200),
    ("readyz", "GET"):                         (503,     503, 503, 503, 503, 503),  # no worker here
    ("accounts:sign_in", "GET"):               (200,     302, 302, 302, 302, 302),
    ("accounts:sign_in", "POST"):              (400,     400, 400, 400, 400, 400),  # an empty form
    ("accounts:session", "GET"):               (200,     200, 200, 200, 200, 200),
    ("accounts:log_out", "POST"):              (SIGN_IN, 302, 302, 302, 302, 302),
    ("accounts:account", "GET"):               (SIGN_IN, 200, 200, 200, 200, 200),
    ("accounts:password", "GET"):              (SIGN_IN, 200, 200, 200, 200, 200),
    ("accounts:password", "POST"):             (SIGN_IN, 400, 400, 400, 400, 400),  # an empty form
    ("accounts:revoke_tokens", "POST"):        (SIGN_IN, 302, 302, 302, 302, 302),
    ("accounts:users", "GET"):                 (SIGN_IN, 403, 403, 200, 403, 200),
    ("accounts:user_new", "GET"):              (SIGN_IN, 403, 403, 200, 403, 200),
    ("accounts:user_new", "POST"):             (SIGN_IN, 403, 403, 400, 403, 400),  # an empty form
    ("accounts:user", "GET"):                  (SIGN_IN, 403, 403, 200, 403, 404),
    ("accounts:user_role", "POST"):            (SIGN_IN, 403, 403, 302, 403, 404),
    ("accounts:user_deactivate", "POST"):      (SIGN_IN, 403, 403, 302, 403, 404),
    ("accounts:user_activate", "POST"):        (SIGN_IN, 403, 403, 302, 403, 404),
    ("accounts:user_end_sessions", "POST"):    (SIGN_IN, 403, 403, 302, 403, 404),
    ("accounts:laboratory", "GET"):            (SIGN_IN, 403, 403, 200, 403, 200),
    ("accounts:laboratory", "POST"):           (SIGN_IN, 403, 403, 400, 403, 400),  # an empty form
    ("accounts:logo", "GET"):                  (SIGN_IN, 403, 403, 404, 403, 404),  # there is none
    ("accounts:logo", "POST"):                 (SIGN_IN, 403, 403, 400, 403, 400),  # no file
    ("accounts:logo_remove", "POST"):          (SIGN_IN, 403, 403, 302, 403, 302),
    ("mlmodels:labels", "GET"):                (SIGN_IN, 403, 403, 200, 403, 200),
    ("mlmodels:label_new", "GET"):             (SIGN_IN, 403, 403, 200, 403, 200),
    ("mlmodels:label_new", "POST"):            (SIGN_IN, 403, 403, 400, 403, 400),  # an empty form
    ("mlmodels:label", "GET"):                 (SIGN_IN, 403, 403, 200, 403, 404),
    ("mlmodels:label", "POST"):                (SIGN_IN, 403, 403, 400, 403, 404),  # an empty form
    ("mlmodels:label_place", "POST"):          (SIGN_IN, 403, 403, 302, 403, 404),
    ("mlmodels:datasets", "GET"):              (SIGN_IN, 403, 403, 200, 403, 200),
    ("mlmodels:dataset_new", "GET"):           (SIGN_IN, 403, 403, 200, 403, 200),
    ("mlmodels:dataset_new", "POST"):          (SIGN_IN, 403, 403, 400, 403, 400),  # an empty form
    ("mlmodels:dataset", "GET"):               (SIGN_IN, 403, 403, 200, 403, 404),
    ("mlmodels:dataset_status", "GET"):        (SIGN_IN, 403, 403, 200, 403, 404),
    ("mlmodels:dataset_classes", "POST"):      (SIGN_IN, 403, 403, 409, 403, 404),  # none asked
    ("mlmodels:dataset_example", "GET"):       (SIGN_IN, 403, 403, 404, 403, 404),  # none asked
    ("mlmodels:dataset_freeze", "GET"):        (SIGN_IN, 403, 403, 200, 403, 404),
    ("mlmodels:dataset_freeze", "POST"):       (SIGN_IN, 403, 403, 302, 403, 404),
    ("mlmodels:dataset_derive", "POST"):       (SIGN_IN, 403, 403, 409, 403, 404),  # not frozen
    ("mlmodels:dataset_delete", "POST"):       (SIGN_IN, 403, 403, 302, 403, 404),
    ("mlmodels:dataset_check", "POST"):        (SIGN_IN, 403, 403, 409, 403, 404),  # none failed
    ("mlmodels:dataset_reference", "POST"):    (SIGN_IN, 403, 403, 409, 403, 404),  # not frozen
    ("mlmodels:near_duplicates", "GET"):       (SIGN_IN, 403, 403, 200, 403, 404),
    ("mlmodels:near_duplicate_group", "POST"): (SIGN_IN, 403, 403, 409, 403, 404),  # none is open
    ("mlmodels:near_duplicates_alike", "POST"): (SIGN_IN, 403, 403, 409, 403, 404),  # none is open
    ("mlmodels:near_duplicate_act", "GET"):    (SIGN_IN, 403, 403, 200, 403, 404),
    ("mlmodels:near_duplicate_act_undo", "POST"): (SIGN_IN, 403, 403, 302, 403, 404),
    ("mlmodels:pair", "POST"):                 (SIGN_IN, 403, 403, 302, 403, 404),
    ("mlmodels:dataset_image_thumbnail", "GET"): (SIGN_IN, 403, 403, 200, 403, 404),
    ("mlmodels:dataset_image_picture", "GET"): (SIGN_IN, 403, 403, 200, 403, 404),
    ("mlmodels:training_runs", "GET"):         (SIGN_IN, 403, 403, 200, 403, 200),
    ("mlmodels:training_new", "GET"):          (SIGN_IN, 403, 403, 200, 403, 200),
    ("mlmodels:training_new", "POST"):         (SIGN_IN, 403, 403, 400, 403, 400),  # an empty form
    ("mlmodels:training_cost", "GET"):         (SIGN_IN, 403, 403, 200, 403, 200),
    ("mlmodels:training_run", "GET"):          (SIGN_IN, 403, 403, 200, 403, 404),
    ("mlmodels:training_progress", "GET"):     (SIGN_IN, 403, 403, 200, 403, 404),
    ("mlmodels:training_cancel", "POST"):      (SIGN_IN, 403, 403, 409, 403, 404),  # it has failed
    ("mlmodels:training_resume", "POST"):      (SIGN_IN, 403, 403, 302, 403, 404),
    ("mlmodels:training_log", "GET"):          (SIGN_IN, 403, 403, 200, 403, 404),
    ("mlmodels:training_notebook", "GET"):     (SIGN_IN, 403, 403, 409, 403, 404),  # it has failed
    ("mlmodels:training_picture", "GET"):      (SIGN_IN, 403, 403, 200, 403, 404),
    ("accounts:audit", "GET"):                 (SIGN_IN, 403, 403, 200, 403, 200),
    ("accounts:audit_export", "GET"):          (SIGN_IN, 403, 403, 200, 403, 200),
    ("accounts:audit_alert_dismiss", "POST"):  (SIGN_IN, 403, 403, 302, 403, 404),
    ("predictions:dashboard", "GET"):          (SIGN_IN, 200, 200, 200, 200, 200),
    ("predictions:to_review", "GET"):          (SIGN_IN, 200, 200, 403, 200, 403),
    ("predictions:worklist", "GET"):           (SIGN_IN, 200, 200, 200, 200, 200),
    ("predictions:worklist", "POST"):          (SIGN_IN, 302, 302, 302, 302, 302),
    ("predictions:worklist_table", "GET"):     (SIGN_IN, 200, 200, 403, 200, 403),
    ("predictions:worklist_research", "GET"):  (SIGN_IN, 403, 200, 200, 403, 200),
    ("predictions:sample", "GET"):             (SIGN_IN, 200, 200, 200, 404, 404),
    ("predictions:sample_status", "GET"):      (SIGN_IN, 200, 200, 200, 404, 404),
    ("predictions:sample_details", "GET"):     (SIGN_IN, 200, 200, 200, 404, 404),
    ("predictions:sample_details", "POST"):    (SIGN_IN, 400, 400, 403, 404, 403),  # an empty form
    ("predictions:sample_send", "POST"):       (SIGN_IN, 302, 302, 403, 404, 403),
    ("predictions:sample_send_back", "POST"):  (SIGN_IN, 302, 302, 403, 404, 403),
    ("predictions:sample_cancel", "POST"):     (SIGN_IN, 302, 302, 403, 404, 403),
    ("predictions:image_cells", "POST"):       (SIGN_IN, 400, 400, 403, 404, 403),  # an empty form
    ("predictions:image_dismiss", "POST"):     (SIGN_IN, 302, 302, 403, 404, 403),
    ("predictions:image_move", "POST"):        (SIGN_IN, 302, 302, 403, 404, 403),
    ("predictions:differential", "GET"):       (SIGN_IN, 200, 200, 200, 404, 404),
    ("predictions:cells_table", "GET"):        (SIGN_IN, 200, 200, 403, 404, 403),
    ("predictions:cells_research", "GET"):     (SIGN_IN, 403, 200, 200, 403, 404),
    ("predictions:preliminary", "GET"):        (SIGN_IN, 200, 200, 403, 404, 403),
    ("predictions:patient", "GET"):            (SIGN_IN, 403, 200, 403, 403, 403),
    ("predictions:beside", "GET"):             (SIGN_IN, 403, 404, 403, 403, 403),  # nobody known
    ("predictions:sample_history", "GET"):     (SIGN_IN, 200, 200, 200, 404, 404),
    ("predictions:reports", "GET"):            (SIGN_IN, 200, 200, 403, 404, 403),
    ("predictions:sign", "GET"):               (SIGN_IN, 403, 302, 403, 403, 403),  # not ready
    ("predictions:sign", "POST"):              (SIGN_IN, 403, 400, 403, 403, 403),  # an empty form
    ("predictions:findings", "POST"):          (SIGN_IN, 403, 302, 403, 403, 403),  # not ready
    ("predictions:sample_disease_add", "POST"): (SIGN_IN, 403, 302, 403, 403, 403),
    ("predictions:sample_disease_remove", "POST"): (SIGN_IN, 403, 302, 403, 403, 403),
    ("predictions:contact", "POST"):           (SIGN_IN, 400, 400, 403, 404, 403),  # an empty form
    ("predictions:alarm_acknowledge", "POST"): (SIGN_IN, 403, 302, 403, 403, 403),
    ("predictions:amendment_withdraw", "POST"): (SIGN_IN, 403, 302, 403, 403, 403),
    ("predictions:verify", "GET"):             (SIGN_IN, 200, 200, 200, 200, 200),
    ("predictions:verify", "POST"):            (SIGN_IN, 400, 400, 400, 400, 400),  # no file
    ("predictions:report", "GET"):             (SIGN_IN, 200, 200, 403, 404, 403),
    ("predictions:report_file", "GET"):        (SIGN_IN, 200, 200, 403, 404, 403),
    ("predictions:report_file_again", "POST"): (SIGN_IN, 302, 302, 403, 404, 403),
    ("predictions:report_pdf", "GET"):         (SIGN_IN, 202, 202, 403, 404, 403),
    ("predictions:report_amend", "POST"):      (SIGN_IN, 403, 302, 403, 403, 403),
    ("predictions:report_retract", "POST"):    (SIGN_IN, 403, 400, 403, 403, 403),  # an empty form
    ("predictions:report_verify", "GET"):      (SIGN_IN, 200, 200, 200, 404, 404),
    ("predictions:upload", "GET"):             (SIGN_IN, 200, 403, 403, 200, 403),
    ("predictions:upload", "POST"):            (SIGN_IN, 400, 403, 403, 400, 403),  # no file
    ("predictions:upload_begin", "POST"):      (SIGN_IN, 400, 403, 403, 400, 403),  # no number
    ("predictions:sample_upload", "GET"):      (SIGN_IN, 200, 403, 403, 404, 403),
    ("predictions:sample_upload", "POST"):     (SIGN_IN, 400, 403, 403, 404, 403),  # no file
    ("predictions:sample_progress", "GET"):    (SIGN_IN, 200, 200, 200, 404, 404),
    ("predictions:sample_archives", "POST"):   (SIGN_IN, 400, 403, 403, 404, 403),  # no file
    ("predictions:archive_progress", "GET"):   (SIGN_IN, 200, 200, 200, 404, 404),
    ("predictions:history", "GET"):            (SIGN_IN, 200, 200, 200, 200, 200),
    ("predictions:history", "POST"):           (SIGN_IN, 302, 302, 302, 302, 302),
    ("predictions:gallery", "GET"):            (SIGN_IN, 200, 200, 200, 404, 404),
    ("predictions:gallery_reviews", "POST"):   (SIGN_IN, 400, 400, 403, 400, 403),  # an empty body
    ("predictions:gallery_changes", "GET"):    (SIGN_IN, 400, 400, 400, 404, 404),  # since when?
    ("predictions:references", "GET"):         (SIGN_IN, 200, 200, 200, 200, 200),
    ("predictions:image_sheet", "GET"):        (SIGN_IN, 200, 200, 200, 404, 404),
    ("predictions:image", "GET"):              (SIGN_IN, 200, 200, 200, 404, 404),
    ("predictions:image_status", "GET"):       (SIGN_IN, 200, 200, 200, 404, 404),
    ("predictions:image_rendition", "GET"):    (SIGN_IN, 200, 200, 200, 404, 404),
    ("predictions:image_thumbnail", "GET"):    (SIGN_IN, 200, 200, 200, 404, 404),
    ("predictions:image_original", "GET"):     (SIGN_IN, 200, 200, 403, 404, 403),
    ("predictions:image_rerun", "POST"):       (SIGN_IN, 302, 302, 403, 404, 403),
    ("predictions:cell_crop", "GET"):          (SIGN_IN, 200, 200, 200, 404, 404),
    ("predictions:cell_review", "POST"):       (SIGN_IN, 409, 409, 403, 404, 403),  # no result
    ("predictions:profiles", "GET"):           (SIGN_IN, 403, 403, 200, 403, 200),
    ("predictions:profile_new", "GET"):        (SIGN_IN, 403, 403, 200, 403, 200),
    ("predictions:profile_new", "POST"):       (SIGN_IN, 403, 403, 400, 403, 400),  # an empty form
    ("predictions:profile", "GET"):            (SIGN_IN, 403, 403, 200, 403, 404),
    ("predictions:profile_change", "GET"):     (SIGN_IN, 403, 403, 200, 403, 404),
    ("predictions:profile_change", "POST"):    (SIGN_IN, 403, 403, 400, 403, 404),  # an empty form
    ("predictions:profile_default", "POST"):   (SIGN_IN, 403, 403, 302, 403, 404),
    ("predictions:profile_retire", "POST"):    (SIGN_IN, 403, 403, 302, 403, 404),
    ("predictions:profile_use_again", "POST"): (SIGN_IN, 403, 403, 302, 403, 404),
    ("predictions:profile_adapt", "POST"):     (SIGN_IN, 403, 403, 409, 403, 404),  # no cells
    ("predictions:delivery", "GET"):           (SIGN_IN, 403, 403, 200, 403, 200),
    ("predictions:delivery_resend", "POST"):   (SIGN_IN, 403, 403, 302, 403, 404),
    ("predictions:connection_new", "GET"):     (SIGN_IN, 403, 403, 200, 403, 200),
    ("predictions:connection_new", "POST"):    (SIGN_IN, 403, 403, 400, 403, 400),  # an empty form
    ("predictions:connection_change", "GET"):  (SIGN_IN, 403, 403, 200, 403, 404),
    ("predictions:connection_change", "POST"): (SIGN_IN, 403, 403, 400, 403, 404),  # an empty form
    ("predictions:drift", "GET"):              (SIGN_IN, 403, 403, 200, 403, 200),
    ("predictions:drift_answer", "POST"):      (SIGN_IN, 403, 403, 302, 403, 404),
    ("predictions:again", "GET"):              (SIGN_IN, 200, 200, 403, 200, 403),
    ("predictions:again", "POST"):             (SIGN_IN, 400, 400, 403, 400, 403),  # an empty form
    ("predictions:again_crop", "GET"):         (SIGN_IN, 404, 404, 403, 404, 403),  # not on screen
    ("predictions:again_field", "GET"):        (SIGN_IN, 404, 404, 403, 404, 403),  # not on screen
    ("predictions:again_keep", "POST"):        (SIGN_IN, 403, 302, 403, 403, 403),
    ("predictions:again_amend", "POST"):       (SIGN_IN, 403, 302, 403, 403, 403),
    ("predictions:sample_again", "GET"):       (SIGN_IN, 403, 200, 403, 403, 403),
    ("predictions:second_reads", "GET"):       (SIGN_IN, 200, 200, 200, 200, 200),
    ("predictions:quality_desk", "GET"):       (SIGN_IN, 200, 200, 200, 200, 200),
    ("predictions:control", "GET"):            (SIGN_IN, 200, 200, 200, 200, 200),
    ("predictions:control_begin", "POST"):     (SIGN_IN, 302, 302, 403, 302, 403),
    ("predictions:control_reading", "GET"):    (SIGN_IN, 302, 404, 403, 404, 403),
    ("predictions:control_reading", "POST"):   (SIGN_IN, 302, 404, 403, 404, 403),  # finished
    ("predictions:control_result", "GET"):     (SIGN_IN, 200, 200, 200, 404, 404),
    ("predictions:control_crop", "GET"):       (SIGN_IN, 200, 404, 403, 404, 403),
    ("predictions:control_field", "GET"):      (SIGN_IN, 200, 404, 403, 404, 403),
    ("predictions:control_slide_new", "POST"): (SIGN_IN, 403, 403, 302, 403, 302),
    ("predictions:control_slide", "GET"):      (SIGN_IN, 403, 403, 200, 403, 404),
    ("predictions:control_slide", "POST"):     (SIGN_IN, 403, 403, 400, 403, 404),  # it is started
    ("predictions:control_slide_sample", "POST"): (SIGN_IN, 403, 403, 302, 403, 302),
    ("predictions:control_slide_cells", "GET"): (SIGN_IN, 403, 403, 200, 403, 404),
    ("predictions:control_slide_cells", "POST"): (SIGN_IN, 403, 403, 200, 403, 404),
    ("predictions:control_slide_start", "POST"): (SIGN_IN, 403, 403, 302, 403, 404),
    ("predictions:quality", "GET"):            (SIGN_IN, 403, 200, 200, 403, 200),
    ("predictions:quality_mine", "GET"):       (SIGN_IN, 200, 200, 403, 200, 403),
    ("predictions:rules", "GET"):              (SIGN_IN, 403, 403, 200, 403, 200),
    ("predictions:rules", "POST"):             (SIGN_IN, 403, 403, 400, 403, 400),  # an empty form
    ("predictions:diseases", "GET"):           (SIGN_IN, 403, 403, 200, 403, 200),
    ("predictions:diseases", "POST"):          (SIGN_IN, 403, 403, 400, 403, 400),  # an empty form
    ("predictions:disease", "GET"):            (SIGN_IN, 403, 403, 404, 403, 404),  # no such code
    ("predictions:disease", "POST"):           (SIGN_IN, 403, 403, 404, 403, 404),
    ("predictions:finding_limits", "GET"):     (SIGN_IN, 200, 200, 200, 200, 200),
    ("predictions:finding_limits", "POST"):    (SIGN_IN, 403, 403, 400, 403, 400),  # an empty form
    ("predictions:intervals", "GET"):          (SIGN_IN, 200, 200, 200, 200, 200),
    ("predictions:intervals_of_label", "GET"): (SIGN_IN, 403, 403, 200, 403, 404),
    ("predictions:intervals_of_label", "POST"): (SIGN_IN, 403, 403, 400, 403, 404),  # an empty form
    ("predictions:intervals_shipped", "POST"): (SIGN_IN, 403, 403, 400, 403, 400),  # an empty form
    ("research", "GET"):                       (SIGN_IN, 403, 200, 200, 403, 200),
    ("research", "POST"):                      (SIGN_IN, 403, 302, 302, 403, 400),  # no cell there
    ("predictions:research_exports", "GET"):   (SIGN_IN, 403, 200, 200, 403, 200),
    ("predictions:research_file", "GET"):      (SIGN_IN, 403, 200, 200, 403, 404),
    ("dataset_from_reviews", "GET"):           (SIGN_IN, 403, 403, 200, 403, 200),
    ("dataset_from_reviews", "POST"):          (SIGN_IN, 403, 403, 400, 403, 400),  # an empty form
    ("predictions:reviewed_datasets", "GET"):  (SIGN_IN, 403, 403, 200, 403, 200),
    ("models", "GET"):                         (SIGN_IN, 200, 200, 200, 200, 200),
    ("model_shadow", "GET"):                   (SIGN_IN, 403, 403, 200, 403, 404),
    ("model_reports", "GET"):                  (SIGN_IN, 403, 403, 200, 403, 404),
    ("model_reports_table", "GET"):            (SIGN_IN, 403, 403, 200, 403, 404),
    ("mlmodels:version", "GET"):               (SIGN_IN, 200, 200, 200, 404, 404),
    ("mlmodels:version_file", "GET"):          (SIGN_IN, 403, 403, 200, 403, 404),
    ("mlmodels:version_gate", "POST"):         (SIGN_IN, 403, 403, 302, 403, 404),
    ("mlmodels:gate", "GET"):                  (SIGN_IN, 200, 200, 200, 404, 404),
    ("mlmodels:version_promote", "POST"):      (SIGN_IN, 403, 403, 302, 403, 404),
    ("mlmodels:version_reject", "POST"):       (SIGN_IN, 403, 403, 302, 403, 404),
    ("mlmodels:shadow_start", "POST"):         (SIGN_IN, 403, 403, 302, 403, 404),
    ("mlmodels:shadow_end", "POST"):           (SIGN_IN, 403, 403, 409, 403, 404),  # no shadow
    ("mlmodels:roll_back", "POST"):            (SIGN_IN, 403, 403, 409, 403, 409),  # none promoted
    ("mlmodels:return_to_shipped", "POST"):    (SIGN_IN, 403, 403, 409, 403, 409),
    ("api_docs", "GET"):                       (SIGN_IN, 200, 200, 200, 200, 200),
    ("api_schema", "GET"):                     (401,     200, 200, 200, 200, 200),
    ("api_unknown", "GET"):                    (404,     404, 404, 404, 404, 404),
    ("api_unknown", "POST"):                   (404,     404, 404, 404, 404, 404),
    ("token_obtain", "POST"):                  (400,     400, 400, 400, 400, 400),  # an empty body
    ("token_refresh", "POST"):                 (400,     400, 400, 400, 400, 400),
    ("token_verify", "POST"):                  (400,     400, 400, 400, 400, 400),
    ("token_revoke", "POST"):                  (400,     400, 400, 400, 400, 400),
    ("predictions_api:samples", "GET"):        (401,     200, 200, 200, 200, 200),
    ("predictions_api:samples", "POST"):       (401,     201, 403, 403, 201, 403),
    ("predictions_api:sample", "GET"):         (401,     200, 200, 200, 404, 404),
    ("predictions_api:sample", "PATCH"):       (401,     200, 200, 403, 404, 403),
    ("predictions_api:sample_search", "POST"): (401,     200, 200, 200, 200, 200),
    ("predictions_api:sample_images", "POST"): (401,     400, 403, 403, 404, 403),  # no file
    ("predictions_api:differential", "GET"):   (401,     200, 200, 200, 404, 404),
    ("predictions_api:state", "POST"):         (401,     200, 200, 403, 404, 403),
    ("predictions_api:sign", "POST"):          (401,     403, 409, 403, 403, 403),  # it is open
    ("predictions_api:amend", "POST"):         (401,     403, 409, 403, 403, 403),  # not signed
    ("predictions_api:withdraw", "POST"):      (401,     403, 409, 403, 403, 403),  # not amended
    ("predictions_api:retract", "POST"):       (401,     403, 409, 403, 403, 403),  # not signed
    ("predictions_api:contacts", "POST"):      (401,     400, 400, 403, 404, 403),  # none critical
    ("predictions_api:alarm", "POST"):         (401,     403, 409, 403, 403, 403),  # no suspicion
    ("predictions_api:sample_reports", "GET"): (401,     200, 200, 403, 404, 403),
    ("predictions_api:report", "GET"):         (401,     200, 200, 403, 404, 403),
    ("predictions_api:report_pdf", "GET"):     (401,     202, 202, 403, 404, 403),  # to be made
    ("predictions_api:report_pdf", "POST"):    (401,     202, 202, 403, 404, 403),
    ("predictions_api:report_fhir", "GET"):    (401,     200, 200, 403, 404, 403),
    ("predictions_api:sample_fhir", "GET"):    (401,     409, 409, 403, 404, 403),  # not signed
    ("predictions_api:report_hl7", "GET"):     (401,     200, 200, 403, 404, 403),
    ("predictions_api:report_verify", "POST"): (401,     400, 400, 400, 400, 400),  # no file
    ("predictions_api:sample_diseases", "GET"): (401,    403, 200, 403, 403, 403),
    ("predictions_api:sample_diseases", "POST"): (401,   403, 400, 403, 403, 403),  # an empty body
    ("predictions_api:sample_diseases", "DELETE"): (401, 403, 400, 403, 403, 403),  # which one?
    ("predictions_api:sample_cells", "GET"):   (401,     200, 200, 200, 404, 404),
    ("predictions_api:sample_reviews", "POST"): (401,    400, 400, 403, 400, 403),  # an empty body
    ("predictions_api:cell_reviews", "POST"):  (401,     409, 409, 403, 404, 403),  # no result
    ("predictions_api:image_cells", "POST"):   (401,     400, 400, 403, 400, 403),  # an empty body
    ("predictions_api:image_run", "POST"):     (401,     202, 202, 403, 404, 403),
    ("predictions_api:sample_archives", "POST"): (401,   400, 403, 403, 404, 403),  # no file
    ("predictions_api:archive", "GET"):        (401,     200, 200, 200, 404, 404),
    ("predictions_api:image", "GET"):          (401,     200, 200, 200, 404, 404),
    ("predictions_api:rendition", "GET"):      (401,     200, 200, 200, 404, 404),
    ("predictions_api:original", "GET"):       (401,     200, 200, 403, 404, 403),
    ("predictions_api:image_dismiss", "POST"): (401,     200, 200, 403, 404, 403),
    ("predictions_api:image_move", "POST"):    (401,     404, 404, 403, 404, 403),  # no such sample
    ("predictions_api:labels", "GET"):         (401,     403, 403, 200, 403, 200),
    ("predictions_api:labels", "POST"):        (401,     403, 403, 400, 403, 400),  # an empty body
    ("predictions_api:label", "GET"):          (401,     403, 403, 200, 403, 404),
    ("predictions_api:label", "PATCH"):        (401,     403, 403, 200, 403, 404),
    ("predictions_api:profiles", "GET"):       (401,     403, 403, 200, 403, 200),
    ("predictions_api:profile", "GET"):        (401,     403, 403, 200, 403, 404),
    ("predictions_api:profile", "PATCH"):      (401,     403, 403, 200, 403, 404),
    ("predictions_api:intervals", "GET"):      (401,     200, 200, 200, 200, 200),
    ("predictions_api:intervals", "PUT"):      (401,     403, 403, 400, 403, 400),  # an empty body
    ("predictions_api:research_exports", "GET"):      (401,  403, 200, 200, 403, 200),
    ("predictions_api:research_exports", "POST"):     (401,  403, 202, 202, 403, 400),  # no cell
    ("predictions_api:research_export", "GET"):       (401,  403, 200, 200, 403, 404),
    ("predictions_api:research_export_file", "GET"):  (401,  403, 200, 200, 403, 404),
    ("predictions_api:quality", "GET"):        (401,     403, 200, 200, 403, 200),
    ("predictions_api:predict", "POST"):       (401,     400, 403, 403, 400, 403),  # no file
}
# fmt: on

# Of the one finding of drift there is.
FINDING = "00000000-0000-4000-8000-00000000d21f"

SENT: dict[str, dict[str, str]] = {
    "accounts:audit_alert_dismiss": {"reason": "A restored backup, looked at."},
    "accounts:user_role": {"role": "doctor"},
    "mlmodels:dataset_derive": {"name": "Derived"},
    "mlmodels:dataset_freeze": {"seen": "1"},
    "mlmodels:label_place": {"position": "1"},
    "mlmodels:near_duplicate_group": {"answer": "not_the_same"},
    "mlmodels:pair": {"resolution": "not_the_same"},
    "predictions:drift_answer": {
        "finding": FINDING,
        "cause": "stain",
        "reason": "Lot 4411, opened on Monday.",
    },
    "predictions_api:samples": {"accession_number": "M-1"},
    "predictions_api:sample": {"note": "second tube"},
    "predictions_api:sample_search": {"accession_number": "M-1"},
    "predictions_api:image_dismiss": {"reason": "blurred"},
    "predictions_api:image_move": {
        "sample": "00000000-0000-4000-8000-000000000000",
        "reason": "wrong tube",
    },
    "predictions_api:cell_reviews": {"label": "blast", "seen_number": "0"},
    "predictions:again_keep": {"reason": "Looked at it again."},
    "predictions:again_amend": {"reason": "It is a blast."},
    "predictions:control_slide_new": {"name": "Slide 2"},
    "predictions:sample_send_back": {"reason": "One more field"},
    "predictions:sample_cancel": {"reason": "Clotted"},
    "predictions:image_dismiss": {"reason": "blurred"},
    "predictions:image_move": {"accession_number": "M-1", "reason": "wrong tube"},
    "predictions:report_amend": {"reason": "A cell was wrong"},
    "predictions:cell_review": {"label": "blast", "seen_number": "0"},
    "predictions_api:state": {"to": "cancelled", "reason": "Clotted"},
    "predictions_api:sign": {"password": PASSWORD, "meaning": "review"},
    "predictions_api:amend": {"reason": "A cell was wrong"},
    "predictions_api:retract": {"password": PASSWORD, "reason": "Other patient"},
    "predictions_api:contacts": {
        "label": "wbc",
        "told_to": "Ward 3",
        "told_at": timezone.now().isoformat(),
        "read_back": "true",
    },
}


@pytest.fixture(scope="module")
def actors(django_db_setup, django_db_blocker) -> Iterator[dict[str, User | None]]:
    """The people of the columns.

    They and the rows stand for the whole table, in a transaction around all of its tests: each
    call takes back what it changed.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        own, other = make_laboratory("St Mary"), make_laboratory("North Clinic")
        people = (
            None,
            *(make_user(own, role) for role in (Role.TECHNICIAN, Role.DOCTOR, Role.ADMIN)),
            *(make_user(other, role) for role in (Role.TECHNICIAN, Role.ADMIN)),
        )
        yield dict(zip(ACTORS, people, strict=True))
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Iterator[None]:
    """A folder for what the rows name."""
    folder = tmp_path_factory.mktemp("files")
    with override_settings(MEDIA_ROOT=folder, REGISTRY_DIR=folder):
        yield


@pytest.fixture(scope="module")
def rows(actors, files) -> dict[str, Any]:
    """One of everything that an address can name, all of it in the first laboratory."""
    technician, admin = actors["technician"], actors["admin"]
    laboratory = admin.laboratory
    image = make_image(technician)
    fail_image(image, "The model is missing.")
    cell = make_cell(image, job=image.jobs.get())
    cell.save()
    colleague = make_user(laboratory, Role.DOCTOR, "carla")
    closed = make_user(laboratory, Role.DOCTOR, "cleo")
    User.objects.filter(pk=closed.pk).update(is_active=False)
    connection = make_connection(laboratory)
    slide = make_control_slide(technician, actors["doctor"], admin)
    reading = make_reading(slide, technician)
    report = make_signed(technician, actors["doctor"])
    version = make_paper_version(laboratory)
    dataset = make_open_dataset(admin)
    act = make_act(admin, dataset)
    watch = DriftWatch.objects.create(
        laboratory=laboratory, version=version, begins_on=laboratory.today
    )
    DriftFinding.objects.create(
        pk=FINDING, watch=watch, laboratory=laboratory, week=laboratory.today,
        last_week=laboratory.today, measure="classes", value=0.4, limit=0.2, sentence="Moved.",
    )  # fmt: skip
    pair = dataset.near_duplicates.get(resolution="open")
    return {
        "check_id": AuditCheck.objects.create(
            laboratory=laboratory, chain=f"laboratory:{laboratory.pk}", length=9, broken_at=9
        ).pk,
        "code": make_own_label(admin).code,
        "label": "own_cell",
        "dataset_id": pair.dataset_id,
        "pair_id": pair.pk,
        "act_id": act.pk,
        "dataset_image_id": pair.first_id,
        "version_id": version.pk,
        "gate_id": make_gate(admin, version).pk,
        "name": "card.json",
        "user_id": colleague.pk,
        "closed_id": closed.pk,
        "image_id": image.pk,
        "sample_id": image.sample_id,
        "other_id": report.sample_id,
        "archive_id": make_archive(technician, image.sample).pk,
        "cell_id": cell.pk,
        "report_id": report.pk,
        "watch_id": watch.pk,
        "connection_id": connection.pk,
        "delivery_id": report.deliveries.get().pk,
        "export_id": write(make_export(actors["doctor"])).pk,
        "job_id": cell.job_id,
        "cells": 1,
        "profile_id": make_profile(admin).pk,
        "run_id": make_failed_run(admin).pk,
        "picture": "samples-0.jpg",
        "number": 0,
        "rest": "v1/no-such-address/",
        "slide_id": slide.pk,
        "reading_id": reading.pk,
        "read_id": make_differing(report, colleague).pk,
    }


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "method"), MATRIX)
def test_each_role_gets_what_the_table_says(name, method, rows, actors):
    address = address_of(name, rows)
    answers = [
        answer_to(client_of(actors[actor], address), method, address, SENT.get(name, {}))
        for actor in ACTORS
    ]
    assert dict(zip(ACTORS, answers, strict=True)) == dict(
        zip(ACTORS, MATRIX[name, method], strict=True)
    )


def test_every_address_and_every_method_of_it_stands_in_the_table():
    written = {name: {method for known, method in MATRIX if known == name} for name, _ in MATRIX}
    found = {name: methods_of(pattern) for name, pattern in addresses(get_resolver().url_patterns)}
    assert sorted(found) == sorted(written)
    for name, methods in found.items():
        assert methods is None or methods == written[name], name


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted({name for name, _ in MATRIX}))
def test_no_other_method_changes_anything(name, rows, actors):
    """405; what is unknown under /api/ is unknown to every method."""
    pattern = dict(addresses(get_resolver().url_patterns))[name]
    address = address_of(name, rows)
    client = client_of(actors["admin"], address)
    others = [each for each in ("PUT", "PATCH", "DELETE") if (name, each) not in MATRIX]
    answers = [answer_to(client, method, address, {}) for method in others]
    expected = 405 if methods_of(pattern) else MATRIX[name, "GET"][ACTORS.index("admin")]
    assert answers == [expected] * len(others)


def address_of(name: str, rows: Mapping[str, Any]) -> str:
    pattern = dict(addresses(get_resolver().url_patterns))[name]
    wanted = pattern.pattern.regex.groupindex
    kwargs = {key: rows[key] for key in wanted}
    if name == "accounts:user_activate":
        kwargs["user_id"] = rows["closed_id"]
    return reverse(name, kwargs=kwargs)


def addresses(patterns: Any, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every URL of the resolver, by its full name."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from addresses(pattern.url_patterns, inner)
        else:
            yield f"{namespace}{pattern.name}", pattern


def methods_of(pattern: URLPattern) -> set[str] | None:
    """The methods that a view names; none where it answers all of them alike."""
    callback = pattern.callback
    view = getattr(callback, "view_class", None) or getattr(callback, "cls", None) or callback
    named = getattr(view, "policy_action", None)
    return set(named) if isinstance(named, Mapping) else None


def client_of(person: User | None, address: str) -> Client:
    """A browser for pages, and a program with a real token for the API."""
    if not address.startswith(("/api/v1/", "/api/schema/")):
        browser = Client()
        if person is not None:
            browser.force_login(person)
        return browser
    program = APIClient()
    if person is not None:
        form = {"username": person.username, "password": PASSWORD}
        token = program.post("/api/v1/token/", form).json()["access"]
        program.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return program


def answer_to(client: Client, method: str, address: str, sent: dict[str, str]) -> int | str:
    """The status, with everything that the call changed taken back afterwards."""
    with transaction.atomic():
        answer = getattr(client, method.lower())(address, {} if method == "GET" else sent)
        transaction.set_rollback(True)
    if answer.status_code == 302 and answer["Location"].startswith("/sign-in/"):
        return SIGN_IN
    return answer.status_code
