"""What tests read from a report."""

from PIL import Image


def targets(report):
    return {
        (step.role, step.target) for step in report.plan.steps if step.kind != "folder"
    }  # fmt: skip


def size(path):
    with Image.open(path) as image:
        return image.size


def reasons(report):
    return {item.group: item.reason for item in report.left_out}
