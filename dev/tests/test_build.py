"""Clones that share one output folder take turns, and none runs what another one wrote."""

import multiprocessing
import os
import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import build
import places
from errors import Failed
from tests import fakes


def hold(target, clone, entered, leave):
    """In a process of its own: holds the output folder as `clone` until told to leave."""
    os.environ["CARGO_TARGET_DIR"] = target
    places.ROOT = Path(clone)
    build.clean = build.need_cargo = lambda: None
    with build.output_folder():
        entered.set()
        leave.wait(60)


class OutputFolder(unittest.TestCase):
    def setUp(self):
        self.target = tempfile.TemporaryDirectory()
        self.addCleanup(self.target.cleanup)
        self.cleaned = []
        for patched in (mock.patch.dict(os.environ, {"CARGO_TARGET_DIR": self.target.name}),
                        mock.patch.object(build, "need_cargo"),
                        mock.patch.object(build, "clean", lambda: self.cleaned.append(places.ROOT.name))):
            patched.start()
            self.addCleanup(patched.stop)

    def build_as(self, clone):
        with mock.patch.object(places, "ROOT", Path(clone)), build.output_folder():
            pass

    def test_after_a_clone_that_is_gone_the_workspace_is_cleaned(self):
        for clone in ("/one", "/one", "/two", "/two", "/one"):
            self.build_as(clone)
        self.assertEqual(self.cleaned, ["one", "two", "one"])

    def test_a_clean_that_failed_is_done_again(self):
        self.build_as("/one")
        with mock.patch.object(build, "clean", side_effect=OSError), self.assertRaises(OSError):
            self.build_as("/two")
        self.build_as("/two")
        self.assertEqual(self.cleaned, ["one", "two"])

    def enters_while_held(self, holder, other, seconds):
        """Whether `other` gets the folder within `seconds` while `holder` holds it."""
        leave, processes = multiprocessing.Event(), []
        events = [multiprocessing.Event(), multiprocessing.Event()]
        for clone, entered in zip((holder, other), events):
            processes.append(multiprocessing.Process(target=hold, args=(self.target.name, clone, entered, leave)))
            processes[-1].start()
            if entered is events[0]:
                self.assertTrue(entered.wait(60))
        got_in = events[1].wait(seconds)
        leave.set()
        self.assertTrue(events[1].wait(60))
        for process in processes:
            process.join(60)
        return got_in

    def test_commands_of_one_clone_share_the_folder(self):
        self.assertTrue(self.enters_while_held("/one", "/one", 60))

    def test_another_clone_waits_until_the_folder_is_free(self):
        self.assertFalse(self.enters_while_held("/one", "/two", 0.5))


class Succession(unittest.TestCase):
    """Two clones of a small workspace, and the real cargo."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.program = self.folder / "target" / "debug" / "says"
        patched = mock.patch.dict(os.environ, {"CARGO_TARGET_DIR": str(self.folder / "target")})
        patched.start()
        self.addCleanup(patched.stop)
        self.one = self.clone("one")

    def clone(self, name):
        root = self.folder / name
        (root / "src").mkdir(parents=True)
        (root / "Cargo.toml").write_text('[package]\nname = "says"\nedition = "2024"\n\n[workspace]\n')
        (root / "src" / "main.rs").write_text('mod word;\n\nfn main() {\n    println!("{}", word::WORD);\n}\n')
        self.write(root, "first")
        subprocess.run(["git", "init", "--quiet", root], check=True)
        return root

    def write(self, clone, word):
        (clone / "src" / "word.rs").write_text(f'pub const WORD: &str = "{word}";\n')

    def build(self, clone):
        """Whether cargo compiled something for the clone, and what the program then says."""
        with mock.patch.object(places, "ROOT", clone), build.output_folder():
            outcome = build.cargo("build", "--offline", capture_output=True, text=True)
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        said = subprocess.run([self.program], capture_output=True, text=True, check=True).stdout.strip()
        return "Compiling" in outcome.stderr, said

    def test_a_clone_with_the_same_files_compiles_nothing(self):
        self.assertEqual(self.build(self.one), (True, "first"))
        self.assertEqual(self.build(self.clone("two")), (False, "first"))

    def test_a_clone_never_runs_another_one_s_code(self):
        two = self.clone("two")
        self.build(self.one)
        # Written before the other builds: by its time alone it is older than what is built.
        self.write(two, "second")
        self.assertEqual(self.build(two), (True, "second"))
        self.assertEqual(self.build(self.one), (True, "first"))
        self.assertEqual(self.build(two), (True, "second"))

    def test_what_the_other_edited_after_it_was_built_is_compiled(self):
        self.build(self.one)
        self.write(self.one, "second")
        two = self.clone("two")
        self.write(two, "second")
        self.assertEqual(self.build(two), (True, "second"))


class Clean(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.calls = self.folder / "calls"
        self.cargo("true")
        patched = mock.patch.dict(os.environ, {"PATH": folder.name, "CARGO_TARGET_DIR": str(self.folder / "target")})
        patched.start()
        self.addCleanup(patched.stop)

    def cargo(self, script):
        """Puts a cargo on PATH that notes what it is asked for, then does as the script says."""
        fakes.program(self.folder, "cargo", f'echo "$CARGO_TARGET_DIR $@" >> {self.calls}\n{script}')

    def cleaned(self, *built):
        """What cargo is asked to clean where these profiles were built."""
        for profile in built:
            (self.folder / "target" / profile).mkdir(parents=True)
        build.clean()
        return self.calls.read_text().splitlines() if self.calls.exists() else []

    def test_the_workspace_s_crates_are_cleaned_in_every_profile_that_was_built(self):
        target = self.folder / "target"
        self.assertEqual(self.cleaned("debug", "release"), [
            f"{target} clean --workspace --quiet", f"{target} clean --workspace --quiet --manifest-path={build.VALIDATOR}",
            f"{target} clean --workspace --quiet --release", f"{target} clean --workspace --quiet --release --manifest-path={build.VALIDATOR}"])

    def test_a_profile_that_was_never_built_is_not_cleaned(self):
        self.assertEqual(self.cleaned(), [])
        cleaned = f"{self.folder / 'target'} clean --workspace --quiet"
        self.assertEqual(self.cleaned("debug"), [cleaned, f"{cleaned} --manifest-path={build.VALIDATOR}"])

    def test_a_clean_that_fails_is_refused_with_its_folder(self):
        for profile, script in (("debug", "exit 1"), ("release", '[ "$4" != --release ]')):
            with self.subTest(profile), self.assertRaisesRegex(Failed, f"target/{profile}"):
                self.cargo(script)
                self.cleaned(profile)


class Copy(unittest.TestCase):
    def test_a_running_program_keeps_its_file_when_a_new_one_is_copied(self):
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder) / "source", Path(folder) / "target"
            source.write_text("old")
            build.copy(source, target)
            with open(target) as running:
                source.write_text("newer")
                build.copy(source, target)
                self.assertEqual(running.read(), "old")
            self.assertEqual(target.read_text(), "newer")
            self.assertEqual(sorted(path.name for path in Path(folder).iterdir()), ["source", "target"])


if __name__ == "__main__":
    unittest.main()
