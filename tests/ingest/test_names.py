from jobs.ingest.names import name_id


def test_a_name_without_end_is_cut_before_any_expression_sees_it():
    for unit in (" ", "(", " - ", " feat.", "\u3000", "a "):
        endless = "Help" + unit * 500_000
        assert name_id(endless, endless) == name_id(endless[:2_000], endless[:2_000] + "x")


def test_an_id_is_made_of_both_names():
    assert name_id("The Beatles", "Help! - Remastered 2009") == name_id("beatles", "HELP")
    assert name_id("Beatles", "Help - Live") != name_id("Beatles", "Help")
    assert name_id("Beatles", "Help") != name_id("Help", "Beatles")


def test_an_id_is_of_a_recording_and_of_none_of_its_versions():
    same = ("LANTERNS", "Lanterns (feat. Ravn)", "Lanterns - 2018 Remaster", "Lanterns (Deluxe Edition)")
    other = ("Lanterns - Live", "Lanterns (Acoustic)", "Lanterns II", "Lanterns - Radio Edit")
    ids = [name_id("Ode", title) for title in ("Lanterns", *same, *other)]
    assert len(set(ids[:5])) == 1
    assert len(set(ids)) == 1 + len(other)
    assert name_id("Mira Volt", "Lanterns") != ids[0]
