"""Pages of the judging and of the review."""

from django.urls import path

from annotations.views import judging, review

app_name = "annotations"

urlpatterns = [
    path("judge/", judging.judge, name="judge"),
    path("judge/stopped/", judging.stopped, name="judge-stopped"),
    path("judge/<uuid:assignment_id>/", judging.judge_one, name="judge-one"),
    path("review/", review.review, name="review"),
    path("review/decided/", review.decided, name="review-decided"),
    path("review/<str:kind>/<uuid:item_id>/", review.decide, name="review-decide"),
]
