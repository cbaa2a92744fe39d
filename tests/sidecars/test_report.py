def test_every_picture_found_is_computed_reused_or_failed(workspace, build):
    (workspace.root / "images" / "p0" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    counts = []
    for _ in range(2):
        report = build()
        counts.append((report.images, report.computed, report.reused, report.failed))
        assert [one.path for one in report.failures] == ["images/p0/broken.png"]
    assert counts == [(11, 10, 0, 1), (11, 0, 10, 1)]
