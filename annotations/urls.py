"""Pages of the judging, the review, the releases, the rounds and their questions."""

from django.urls import path

from annotations.views import (
    judging,
    own_texts,
    pay_checks,
    prompts,
    releases,
    review,
    rounds,
    rubrics,
    texts,
)

app_name = "annotations"

urlpatterns = [
    path("judge/", judging.judge, name="judge"),
    path("judge/stopped/", judging.stopped, name="judge-stopped"),
    path("judge/<uuid:assignment_id>/", judging.judge_one, name="judge-one"),
    path("own-texts/", own_texts.listed, name="own-texts"),
    path("pay-checks/", pay_checks.listed, name="pay-checks"),
    path("pay-checks/<uuid:member_id>/", pay_checks.person, name="pay-checks-of"),
    path("review/", review.review, name="review"),
    path("review/decided/", review.decided, name="review-decided"),
    path("review/instead/", review.instead, name="review-instead"),
    path("review/<str:kind>/<uuid:item_id>/", review.decide, name="review-decide"),
    path("releases/", releases.listed, name="releases"),
    path("releases/new/", releases.ask, name="release-ask"),
    path("releases/texts/", texts.listed, name="texts"),
    path("releases/texts/<str:kind>/<uuid:text_id>/", texts.decide, name="text-decide"),
    path("releases/<uuid:release_id>/", releases.one, name="release"),
    path("releases/<uuid:release_id>/progress/", releases.progress, name="release-progress"),
    path("releases/<uuid:release_id>/cancel/", releases.cancel, name="release-cancel"),
    path("releases/<uuid:release_id>/deleted/", releases.acknowledge, name="release-acknowledge"),
    path("releases/<uuid:release_id>/everything/", releases.everything, name="release-everything"),
    path("releases/<uuid:release_id>/files/<path:name>", releases.file, name="release-file"),
    path("prompts/", prompts.listed, name="prompts"),
    path("prompts/groups/", prompts.groups, name="prompt-groups"),
    path("prompts/<uuid:prompt_id>/", prompts.one, name="prompt"),
    path("prompts/<uuid:prompt_id>/take-out/", prompts.take_out, name="prompt-take-out"),
    path("replies/<uuid:response_id>/take-out/", prompts.take_reply_out, name="reply-take-out"),
    path("questions/", rubrics.listed, name="rubrics"),
    path("questions/new/", rubrics.new, name="rubric-new"),
    path("questions/of/<slug:key>/", rubrics.change, name="rubric"),
    path("rounds/", rounds.listed, name="rounds"),
    path("pause/", rounds.pause, name="pause"),
    path("resume/", rounds.resume, name="resume"),
    path("rounds/new/", rounds.plan, name="round-plan"),
    path("rounds/<uuid:round_id>/", rounds.one, name="round"),
    path("rounds/<uuid:round_id>/filling/", rounds.filled, name="round-filled"),
    path("rounds/<uuid:round_id>/stop-filling/", rounds.stop_filling, name="round-stop-filling"),
    path("rounds/<uuid:round_id>/open/", rounds.open_one, name="round-open"),
    path("rounds/<uuid:round_id>/close/", rounds.close_one, name="round-close"),
]
