import numpy as np
import pandas as pd
import pytest

from datasets.corpora.trees import clnf, d_vlog, daic_woz, e_daic, face68, lmvd, transcript, write
from openada.datasets.corpora import interviewer_turns, read, read_behaviour
from openada.datasets.corpora.behaviour import read_landmarks
from openada.datasets.corpora.clnf import read_clnf
from openada.errors import UnusableInput


def row(root, recording):
    table = read(root).table
    return table[table["recording_id"] == recording].to_dict("records")[0]


class TestClnf:
    def test_files_are_joined_on_the_frame(self, tmp_path):
        clnf(tmp_path, "300")
        table = read_clnf(tmp_path / "300_CLNF_pose.txt")
        assert table["frame"].tolist() == [0, 1, 2, 3, 4]
        np.testing.assert_allclose(table["time_s"], np.arange(5) / 30)
        assert table["tracked"].tolist() == [True, True, False, True, True]
        keep = table["tracked"].to_numpy()
        signals = table.drop(columns=["frame", "time_s", "tracked", "confidence"])
        assert signals[~keep].isna().all(axis=None) and signals[keep].notna().all(axis=None)
        np.testing.assert_allclose(table["AU01_r"][keep], [0.1, 0.2, 0.4, 0.5])
        assert table["AU04_c"][keep].tolist() == [1, 0, 0, 1]
        np.testing.assert_allclose(table["head_x_mm"][keep], [11, 22, 44, 55])
        np.testing.assert_allclose(table["head_y_mm"][keep], [13, 26, 52, 65])
        np.testing.assert_allclose(table["head_z_mm"][keep], 700)
        # Gaze is that of the head's frame, whose vectors the tree turns by 10° and 5°; the camera's are 0.5, 0.5, 0.5.
        np.testing.assert_allclose(table["gaze_yaw_deg"][keep], 10)
        np.testing.assert_allclose(table["gaze_pitch_deg"][keep], 5)
        # The face looks along -z; Ry by -n° turns that to image right by n°.
        np.testing.assert_allclose(table["head_yaw_deg"][keep], [1, 2, 4, 5], atol=1e-9)
        np.testing.assert_allclose(table[["head_pitch_deg", "head_roll_deg"]][keep], 0, atol=1e-9)

    def test_landmarks_on_request(self, tmp_path):
        clnf(tmp_path, "300")
        table = read_clnf(tmp_path / "300_CLNF_AUs.txt", landmarks=True)
        assert table.loc[3, "x_67"] == 4 + 6700 and table.loc[3, "y_0"] == 4 and table.loc[3, "Z_13"] == 4 + 13000
        assert "x_0" not in read_clnf(tmp_path / "300_CLNF_AUs.txt").columns

    def test_a_frame_lost_in_one_file_or_skipped_by_one_is_not_tracked(self, tmp_path):
        clnf(tmp_path, "300")
        lines = (tmp_path / "300_CLNF_gaze.txt").read_text().splitlines()
        lines[1] = lines[1].replace(", 1, ", ", 0, ", 1)  # success of frame 1
        write(tmp_path / "300_CLNF_gaze.txt", "\n".join([*lines[:2], *lines[3:]]) + "\n")  # frame 2 is skipped
        with pytest.warns(UserWarning, match="4 to 5 rows"):
            table = read_clnf(tmp_path / "300_CLNF_AUs.txt")
        assert table["tracked"].tolist() == [False, False, False, True, True]
        assert np.isnan(table.loc[1, "AU01_r"]) and table.loc[1, "time_s"] == pytest.approx(1 / 30)

    def test_a_frame_that_every_file_skips_keeps_its_row(self, tmp_path):
        clnf(tmp_path, "300")
        for path in tmp_path.iterdir():
            lines = path.read_text().splitlines()
            write(path, "\n".join([*lines[:2], *lines[3:]]) + "\n")
        table = read_clnf(tmp_path / "300_CLNF_AUs.txt")
        assert table["frame"].tolist() == [0, 1, 2, 3, 4] and not table.loc[1, "tracked"]
        assert table.loc[1, "time_s"] == pytest.approx(1 / 30)

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("success", "other", "no columns frame, timestamp, confidence and success"),
            ("AU01_r, AU04_c", "a, b", "lacks its measurements"),
            ("\n2, ", "\n1, ", "occur twice"),
            ("0.975, 1, 0.1,", "0.975, 1, x,", "AU01_r 'x' is not a number"),
        ],
    )
    def test_broken_files(self, tmp_path, old, new, message):
        clnf(tmp_path, "300")
        path = tmp_path / "300_CLNF_AUs.txt"
        text = path.read_text()
        assert old in text
        write(path, text.replace(old, new, 1))
        with pytest.raises(UnusableInput, match=message):
            read_clnf(path)

    def test_times_that_run_backwards(self, tmp_path):
        clnf(tmp_path, "300")
        for path in tmp_path.iterdir():
            write(path, path.read_text().replace("\n5, 0.13", "\n5, 0.01"))
        with pytest.raises(UnusableInput, match="run backwards"):
            read_clnf(tmp_path / "300_CLNF_AUs.txt")


class TestLandmarks:
    @pytest.mark.parametrize("order", ["blocks", "in turn", "points"])
    def test_either_order_gives_the_same_points(self, tmp_path, order):
        points = face68(11)
        points[4] = 0
        points[7, 3, 1] = np.nan
        values = {"blocks": points.transpose(0, 2, 1).reshape(11, 136), "in turn": points.reshape(11, 136)}.get(
            order, points
        )
        np.save(tmp_path / "1_visual.npy", values)
        table = read_landmarks(tmp_path / "1_visual.npy")
        assert table["time_s"].tolist() == list(range(11))
        assert table.index[~table["tracked"]].tolist() == [4, 7]
        keep = table["tracked"].to_numpy()
        for point in (0, 8, 67):
            np.testing.assert_array_equal(table[f"x_{point}"][keep], points[keep, point, 0])
            np.testing.assert_array_equal(table[f"y_{point}"][keep], points[keep, point, 1])
        assert table.loc[~keep, ["x_0", "y_67"]].isna().all(axis=None)

    def test_what_is_no_face_asks_for_the_order(self, tmp_path):
        values = np.random.default_rng(1).standard_normal((5, 136))
        np.save(tmp_path / "1_visual.npy", values)
        with pytest.raises(UnusableInput, match="give order"):
            read_landmarks(tmp_path / "1_visual.npy")
        table = read_landmarks(tmp_path / "1_visual.npy", order="x and y in turn")
        np.testing.assert_array_equal(table["y_3"], values[:, 7])

    def test_nobody_in_view(self, tmp_path):
        np.save(tmp_path / "1_visual.npy", np.zeros((3, 136)))
        table = read_landmarks(tmp_path / "1_visual.npy")
        assert not table["tracked"].any() and table["x_0"].isna().all()

    @pytest.mark.parametrize("shape", [(5, 135), (136,), (0, 136), (5, 2, 68)])
    def test_other_shapes(self, tmp_path, shape):
        np.save(tmp_path / "1_visual.npy", np.ones(shape))
        with pytest.raises(UnusableInput, match="has shape"):
            read_landmarks(tmp_path / "1_visual.npy")


class TestByRow:
    def test_daic_woz(self, tmp_path):
        daic_woz(tmp_path)
        table = read_behaviour(row(tmp_path, "302"))
        assert len(table) == 6 and table.loc[5, "AU01_r"] == pytest.approx(0.6)
        assert "Z_67" in read_behaviour(row(tmp_path, "302"), landmarks=True)

    def test_e_daic_lmvd_and_d_vlog(self, tmp_path):
        e_daic(tmp_path / "e"), lmvd(tmp_path / "l"), d_vlog(tmp_path / "d")
        assert read_behaviour(row(tmp_path / "e", "601"))["AU12_r"].tolist() == [0.5, 1.0, 1.5, 2.0, 2.5, 3.0]
        assert read_behaviour(row(tmp_path / "l", "0602"))["AU12_r"].tolist() == [0.5, 1.0, 1.5, 2.0, 2.5]
        assert read_behaviour(row(tmp_path / "d", "9"))["tracked"].tolist() == [
            True,
            True,
            False,
            True,
            True,
            True,
            True,
        ]

    def test_a_video_is_refused(self, tmp_path):
        with pytest.raises(UnusableInput, match="r1 is a video; prepare it"):
            read_behaviour({"recording_id": "r1", "video": str(tmp_path / "a.mp4"), "kind": "video"})


class TestInterviewer:
    def test_turns(self, tmp_path):
        turns = interviewer_turns(transcript(tmp_path, "300"))
        pd.testing.assert_frame_equal(turns, pd.DataFrame({"start_s": [0.0, 0.08], "end_s": [0.04, 0.12]}))

    def test_masked_rows_are_untracked(self, tmp_path):
        daic_woz(tmp_path)
        # Ellie speaks until 0.04 s: frames at 0 and 1/30 s.
        whole, masked = (read_behaviour(row(tmp_path, "302"), mask_interviewer=mask) for mask in (False, True))
        assert whole["tracked"].tolist() == [True, True, False, True, True, True]
        assert masked["tracked"].tolist() == [False, False, False, True, True, True]
        assert masked.loc[:2, ["AU01_r", "gaze_yaw_deg", "head_yaw_deg"]].isna().all(axis=None)
        pd.testing.assert_frame_equal(masked.loc[3:], whole.loc[3:])
        pd.testing.assert_series_equal(masked["time_s"], whole["time_s"])

    def test_a_frame_at_the_end_of_a_turn_is_outside(self, tmp_path):
        daic_woz(tmp_path)
        one = row(tmp_path, "302")
        write(tmp_path / "t.csv", "start_time\tstop_time\tspeaker\tvalue\n0\t0.1\tEllie\thi\n")
        masked = read_behaviour({**one, "transcript": str(tmp_path / "t.csv")}, mask_interviewer=True)
        assert masked.loc[3, "time_s"] == 0.1 and masked["tracked"].tolist() == [False] * 3 + [True] * 3

    def test_without_turns_or_transcript_nothing_is_masked_silently(self, tmp_path):
        daic_woz(tmp_path / "d"), e_daic(tmp_path / "e")
        with pytest.raises(UnusableInput, match=r"451_TRANSCRIPT\.csv has no turn of the interviewer"):
            read_behaviour(row(tmp_path / "d", "451"), mask_interviewer=True)
        with pytest.raises(UnusableInput, match="601 has no transcript"):
            read_behaviour(row(tmp_path / "e", "601"), mask_interviewer=True)

    def test_broken_transcripts(self, tmp_path):
        with pytest.raises(UnusableInput, match="no column start_time"):
            interviewer_turns(write(tmp_path / "a.csv", "start,stop\n"))
        with pytest.raises(UnusableInput, match="'x' to '2' has no times"):
            interviewer_turns(write(tmp_path / "b.csv", "start_time\tstop_time\tspeaker\tvalue\nx\t2\tEllie\thi\n"))
