"""Every check of this repository. `nox` alone runs all that is marked with a star, as does CI.

The list begins with `dev`, which sets up an environment to work in. Then come what is quick
(`nox -t quick`), what is published, the tests (`nox -t ossify`, `nox -t cortical-tools`), what
others make of our files and measures, and how long things take.

What a package supports and needs is read from its ``pyproject.toml`` and not repeated here.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
# Nothing else installs the lowest versions that `minimum` is about.
nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = True

ROOT = Path(__file__).parent
WORKSPACE = nox.project.load_toml(ROOT / "pyproject.toml")
# Each package with the extra that its tests need.
PACKAGES = {"cortical-tools": "testing", "ossify": "all"}
PYTHONS = {
    package: nox.project.python_versions(
        nox.project.load_toml(ROOT / "packages" / package / "pyproject.toml")
    )
    for package in PACKAGES
}
# The published releases whose files are read and which read ours.
RELEASES = ("0.0.4", "0.1.0", "0.2.0", "0.3.0")
# What others measure, in the versions with which ours was found to agree.
MEASURES = ("morphio==3.5.0", "navis==1.12.0", "neurom==4.0.6")
# What tests have to reach of each package, in percent.
LEAST_REACHED = {"lines": 92, "branches": 85}
# What is read by others than Python, by the schema that it has to follow.
WORKFLOWS = [".github/workflows/*.yml"]
SCHEMAS = {
    "custom.github-workflows-require-timeout": WORKFLOWS,
    "vendor.citation-file-format": ["CITATION.cff"],
    "vendor.github-issue-config": [".github/ISSUE_TEMPLATE/config.yml"],
    "vendor.github-issue-forms": [f".github/ISSUE_TEMPLATE/{n}.yml" for n in ("bug", "feature")],
    "vendor.github-workflows": WORKFLOWS,
}
# How tests are shared out: a file stays in one process, with what its tests share.
SHARED = ("--numprocesses=auto", "--maxprocesses=8", "--dist=loadfile")
# The tests without each optional package.
ABSENT = "tests-integration/absent"
# The releases with which the weight of each package is compared.
BEFORE = {"ossify": RELEASES[-1], "cortical-tools": "1.1.0"}
# Tests that lean on what an sdist has to hold beside them.
SDIST_TESTS = {
    "cortical-tools": ("tests/test_roots.py", "tests/test_tables.py"),
    "ossify": ("tests/test_peer_faults.py", "tests/io/test_written_by_releases.py"),
}
OLDEST, NEWEST = PYTHONS["ossify"][0], PYTHONS["ossify"][-1]
# The Python that is not promised yet.
NEXT = f"3.{int(NEWEST.removeprefix('3.')) + 1}"


def _newest_of_pyenv() -> str:
    """What PYENV_VERSION has to say for pyenv to show the newest of every Python that is tested."""
    listed = subprocess.run(
        ["pyenv", "versions", "--bare"], capture_output=True, text=True, check=True
    ).stdout.split()
    patches: dict[str, list[int]] = {}
    for version in listed:
        if found := re.fullmatch(r"(3\.\d+)\.(\d+)", version):
            patches.setdefault(found[1], []).append(int(found[2]))
    wanted = {python for pythons in PYTHONS.values() for python in pythons} & patches.keys()
    return ":".join(f"{python}.{max(patches[python])}" for python in sorted(wanted))


# pyenv puts a command for each of its Pythons on the path, and lets only the chosen ones run.
if shutil.which("pyenv") and "PYENV_VERSION" not in os.environ and (versions := _newest_of_pyenv()):
    os.environ["PYENV_VERSION"] = versions

# Where this run of nox has put each package's files, so that none is built twice.
_built: dict[str, Path] = {}


@nox.session(default=False)
def dev(session: nox.Session) -> None:
    """Make .venv, with both packages as they are in the tree, and every tool that checks them."""
    home = ROOT / ".venv"
    if not (home / "pyvenv.cfg").is_file():
        session.run("uv", "venv", "--quiet", "--python", f">={OLDEST}", str(home))
    editable = [f"--editable=packages/{package}[all,testing]" for package in PACKAGES]
    tools = nox.project.dependency_groups(WORKSPACE, *WORKSPACE["dependency-groups"])
    session.run(
        "uv", "pip", "install", "--quiet", "--python", str(home), "nox", "uv", *editable, *tools
    )
    session.log(f"ready: {home.relative_to(ROOT)}/bin/pytest packages/ossify/tests")


@nox.session(python=NEWEST, tags=["quick"])
def lint(session: nox.Session) -> None:
    """Style, docstrings and import discipline (ruff), spelling, forms, notes, workflows."""
    install_group(session, "lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("codespell")
    for package in PACKAGES:
        arguments = ("--draft", "--version=next", "--dir", f"packages/{package}")
        session.run("towncrier", "build", *arguments, silent=True)
    for schema, patterns in SCHEMAS.items():
        files = sorted(str(file) for pattern in patterns for file in ROOT.glob(pattern))
        session.run("check-jsonschema", "--builtin-schema", schema, *files)
    session.run("zizmor", "--offline", "--quiet", "--persona=pedantic", ".github")


@nox.session(python=NEWEST, tags=["quick"])
def architecture(session: nox.Session) -> None:
    """Imports point downwards: the contracts of pyproject.toml."""
    install_group(session, "architecture")
    sources = [str(ROOT / "packages" / package / "src") for package in PACKAGES]
    session.run("lint-imports", "--no-cache", env={"PYTHONPATH": os.pathsep.join(sources)})


@nox.session(python=NEWEST, tags=["quick"])
def typecheck(session: nox.Session) -> None:
    """Strict mypy over both packages, and with pyright over programs that use them as users do."""
    install_group(session, "typecheck")
    install_wheels(session, *PACKAGES)
    session.run("mypy")
    session.run("basedpyright")
    # Every public name has a type. Away from the checkout, what is installed is looked at.
    verify = ("basedpyright", "--verifytypes")
    with session.chdir(session.create_tmp()):
        for package in PACKAGES:
            session.run(*verify, module_of(package), "--ignoreexternal", silent=True)


@nox.session(python=NEWEST)
def docs(session: nox.Session) -> None:
    """Every example of the documentation, and its pages, into -- FOLDER; a warning is an error."""
    install_group(session, "docs")
    install_wheels(session, *PACKAGES)
    readmes = ["README.md", *(f"packages/{package}/README.md" for package in PACKAGES)]
    session.run(
        *("pytest", "-p", "documented_examples", "docs", *readmes),
        env={"PYTHONPATH": str(ROOT / "docs")},
    )
    pages = Path(*session.posargs or (session.create_tmp(), "html"))
    session.run("sphinx-build", "--fail-on-warning", "--fresh-env", "-q", "docs", str(pages))
    session.log(f"the pages are in {pages}")


@nox.session(python=NEWEST)
def build(session: nox.Session) -> None:
    """Both packages as sdist and wheel, complete and fit for a package index."""
    for package in PACKAGES:
        assert_fit(session, package)


@nox.session(python=NEWEST)
@nox.parametrize("package", list(PACKAGES), ids=list(PACKAGES))
def sdist(session: nox.Session, package: str) -> None:
    """An unpacked sdist finds its own tests, and runs some; all: -- --all."""
    home = Path(session.create_tmp()).absolute()
    source = unpacked(sdist_of(session, package), home / "unpacked")
    # As a stranger does it, who has the sdist and nothing of the repository.
    session.install(f"{source}[testing]")
    chosen = () if "--all" in session.posargs else SDIST_TESTS[package]
    with session.chdir(source):
        session.run("pytest", "--collect-only", "-qq", silent=True)
        session.run("pytest", "-q", *chosen)


@nox.session(python=NEWEST, default=False)
def prepare_release(session: nox.Session) -> None:
    """Write the version and the changelog of a release: -- PACKAGE VERSION."""
    install_group(session, "release")
    session.run("python", "tools/release.py", "prepare", *session.posargs)


@nox.session(python=NEWEST, default=False)
def release_check(session: nox.Session) -> None:
    """Tag, version, changelog and built files agree: -- TAG [FOLDER to leave the files in]."""
    install_group(session, "release")
    session.run("python", "tools/release.py", "check", *session.posargs[:1])
    package = session.posargs[0].rpartition("-v")[0]
    assert_fit(session, package)
    folder = built(session, package)
    if session.posargs[1:]:
        folder = shutil.copytree(folder, session.posargs[1], dirs_exist_ok=True)
    session.run("python", "tools/release.py", "check", session.posargs[0], str(folder))


@nox.session(python=NEWEST, default=False)
def release_notes(session: nox.Session) -> None:
    """What the changelog says of a release: -- TAG [FILE to write it to]."""
    install_group(session, "release")
    session.run("python", "tools/release.py", "notes", *session.posargs)


@nox.session(python=PYTHONS["ossify"], default=False)
def test_wheel(session: nox.Session) -> None:
    """A wheel passes the tests of its sdist, its source gone: -- PACKAGE [FOLDER of both [...]]."""
    package, *rest = session.posargs or [""]
    if package not in PACKAGES:
        session.error(f"there is no package {package!r}, only {', '.join(PACKAGES)}")
    folder = Path(rest.pop(0)) if rest else built(session, package)
    files = [*folder.glob("*.whl"), *folder.glob("*.tar.gz")]
    if len(files) != 2:
        session.error(f"{folder} has to hold one wheel and one sdist, not {sorted(files)}")
    session.install(f"{files[0].absolute()}[{PACKAGES[package]}]")
    install_group(session, "tests")
    assert_alone(session, package)
    with tempfile.TemporaryDirectory() as home:
        source = unpacked(files[1], Path(home) / "unpacked")
        shutil.rmtree(source / "src")
        with session.chdir(source):
            session.run("pytest", *rest)


@nox.session(python=NEWEST)
def rehearsal(session: nox.Session) -> None:
    """A release of each package in a copy of the checkout, and what must not be released."""
    install_group(session, "release")
    install_group(session, "rehearsal")
    session.run("pytest", "tools/tests", *session.posargs)


@nox.session(python=NEWEST)
def demo(session: nox.Session) -> None:
    """The main job of both packages, as their first commands run it."""
    session.install(f"{wheel(session, 'ossify')}[plot]")
    with session.chdir(session.create_tmp()):
        session.run("ossify", "demo")
        session.run("ossify", "info", "demo.osy")
        missing = [name for name in ("demo.osy", "demo.png") if not Path(name).is_file()]
    if missing:
        session.error(f"`ossify demo` did not write {missing}")
    session.install(f"{wheel(session, 'cortical-tools')}[all]")
    session.run("cortical-tools", "demo")


@nox.session
@nox.parametrize(
    ("python", "package"),
    [
        nox.param(python, package, id=f"{package}-{python}", tags=[package])
        for package in PACKAGES
        for python in PYTHONS[package]
    ],
)
def tests(session: nox.Session, package: str) -> None:
    """One package's tests and docstring examples, on its wheel, where the other is absent."""
    install_wheels(session, package)
    # Its servers and runner are no use to those who test with our packages, so they are in none of
    # their extras.
    install_group(session, "tests")
    assert_alone(session, package)
    run_tests(session, package)


@nox.session(python=NEXT, default=False)
@nox.parametrize("package", list(PACKAGES), ids=list(PACKAGES))
def ahead(session: nox.Session, package: str) -> None:
    """The tests of a package on the Python that comes after those it promises."""
    install_wheels(session, package)
    install_group(session, "tests")
    run_tests(session, package)


@nox.session(python=NEWEST, default=False)
@nox.parametrize("package", list(PACKAGES), ids=list(PACKAGES))
def fresh(session: nox.Session, package: str) -> None:
    """The tests of a package with the newest of everything, candidates for a release as well."""
    requirement = f"{wheel(session, package)}[{PACKAGES[package]}]"
    session.install("--upgrade", "--prerelease=allow", requirement)
    install_group(session, "tests")
    run_tests(session, package)


@nox.session(python=NEWEST, default=False)
def pandas3(session: nox.Session) -> None:
    """Tells by failing that cortical-tools can be had with pandas 3, which caveclient forbade."""
    requirement = f"{wheel(session, 'cortical-tools')}[{PACKAGES['cortical-tools']}]"
    question = ("uv", "pip", "install", "--dry-run", requirement, "pandas>=3")
    said = str(session.run(*question, success_codes=[0, 1], silent=True))
    if "No solution found" not in said:
        session.error(f"pandas 3 is allowed: test with it, say so, and drop this session\n{said}")
    session.log(said)


@nox.session(python=NEWEST, default=False)
def coverage(session: nox.Session) -> None:
    """Lines and branches that tests reach, commands in processes of their own included."""
    install_group(session, "coverage")
    install_wheels(session, *PACKAGES)
    install_group(session, "tests")
    found = Path(session.create_tmp()).absolute()
    for old in found.glob(".coverage*"):
        old.unlink()
    session.env["COVERAGE_FILE"] = str(found / ".coverage")
    run = ("coverage", "run", f"--rcfile={ROOT / 'pyproject.toml'}", "-m", "pytest")
    for package in PACKAGES:
        session.run(*run, *tests_of(package), *session.posargs)
    session.run(*run, "tests-integration", *session.posargs)
    session.run("coverage", "combine", "--quiet")
    too_low = [package for package in PACKAGES if not reaches_enough(session, package, found)]
    if too_low:
        session.error(f"tests reach less than {LEAST_REACHED} of {', '.join(too_low)}")


@nox.session(python=PYTHONS["ossify"])
def together(session: nox.Session) -> None:
    """What only the two packages side by side can show."""
    install_wheels(session, *PACKAGES)
    install_group(session, "tests")
    # What is said where a package is absent depends on no Python: `extras` sees to it once.
    session.run("pytest", *SHARED, "tests-integration", f"--ignore={ABSENT}", *session.posargs)


@nox.session(python=NEWEST)
def extras(session: nox.Session) -> None:
    """What works and what is said without optional packages: hidden in turn, or not installed."""
    install_wheels(session, *PACKAGES)
    install_group(session, "tests")
    environments = Path(session.cache_dir).absolute() / "extras"
    bare = wheel(session, "cortical-tools")
    for name, requirements in {
        "none": (str(bare),),
        "ossify": (str(wheel(session, "ossify")), f"{bare}[ossify]"),
    }.items():
        # Its version says nothing of what has changed in the checkout.
        again = [f"--reinstall-package={package}" for package in PACKAGES]
        install_beside(session, environments / name, *again, *requirements)
    bare_tests = "packages/cortical-tools/tests/extras/compare_extras.py"
    session.run(
        # Each of these tests is long, and shares nothing with others.
        *("pytest", *SHARED, "--dist=load", ABSENT, bare_tests, *session.posargs),
        env={"CORTICAL_TOOLS_BARE": str(environments)},
    )


@nox.session(python=OLDEST)
def minimum(session: nox.Session) -> None:
    """Both packages on the oldest Python, with the lowest versions they say they work with."""
    for package, extra in PACKAGES.items():
        # Asked for through the wheel, its requirements would count as indirect and come newest.
        metadata = f"packages/{package}/pyproject.toml"
        session.install("--resolution=lowest-direct", "-r", metadata, f"--extra={extra}")
        session.install("--no-deps", str(wheel(session, package)))
    install_group(session, "tests")
    for package in PACKAGES:
        # Old versions that meet newer friends warn, rightly: only the newest must be silent.
        run_tests(session, package, "-W", "default")


@nox.session(python=NEWEST)
def interop(session: nox.Session) -> None:
    """Files to and from every published release of ossify, and measures as its peers have them."""
    install_wheels(session, "ossify")
    folder = ROOT / "packages" / "ossify" / "tests" / "interop"
    releases = Path(session.cache_dir).absolute() / "releases"
    for release in RELEASES:
        install_beside(session, releases / release, f"ossify=={release}")
    measures = releases.with_name("measures")
    install_beside(session, measures, *MEASURES)
    session.run(
        *("pytest", str(folder / "compare_releases.py"), str(folder / "compare_measures.py")),
        *session.posargs,
        env={"OSSIFY_RELEASES": str(releases), "OSSIFY_MEASURES": str(measures / "bin" / "python")},
    )


@nox.session(python=NEWEST)
def navis(session: nox.Session) -> None:
    """What navis makes of our skeletons, in an environment that has it."""
    session.install(f"{wheel(session, 'ossify')}[testing]", "navis")
    session.run("pytest", "packages/ossify/tests/interop/navis_neurons.py", *session.posargs)


@nox.session(python=NEWEST)
def growth(session: nox.Session) -> None:
    """Time per vertex does not grow from a small cell to a great one, and memory is bounded."""
    install_wheels(session, "ossify")
    session.run("python", "packages/ossify/benchmarks/memory.py")
    session.run("python", "packages/ossify/benchmarks/growth.py")


@nox.session(python=NEWEST, default=False)
def benchmarks(session: nox.Session) -> None:
    """How long ossify takes beside its peers, each in its own environment. See its --help."""
    install_wheels(session, "ossify")
    folder = ROOT / "packages" / "ossify" / "benchmarks"
    environments = Path(session.cache_dir).absolute() / "peers"
    for name, peer in nox.project.load_toml(folder / "peers.toml").items():
        if requirements := peer.get("requirements"):
            install_beside(session, environments / name, *requirements)
    arguments = ("--environments", str(environments), *session.posargs)
    session.run("python", str(folder / "run.py"), *arguments)


@nox.session(python=NEWEST, default=False)
def mapping(session: nox.Session) -> None:
    """Level-2 ids of mesh vertices beside the published release: seconds, memory and accuracy."""
    install_wheels(session, *PACKAGES)
    home = Path(session.cache_dir).absolute() / "mapping"
    install_beside(session, home, "cortical-tools[vertex_lookup]==1.1.0")
    script = ROOT / "packages" / "cortical-tools" / "benchmarks" / "mapping.py"
    session.run("python", str(script), str(home / "bin" / "python"), *session.posargs)


@nox.session(python=NEWEST, default=False)
def weight(session: nox.Session) -> None:
    """What each package brings along, beside the release before it: writes docs/weight.md."""
    homes = Path(session.cache_dir).absolute() / "weight"
    # What an earlier run has left there would count, too.
    shutil.rmtree(homes, ignore_errors=True)
    measured = []
    for package, before in BEFORE.items():
        for requirement in (str(wheel(session, package)), f"{package}=={before}"):
            home = homes / f"{package}-{len(measured)}"
            install_beside(session, home, requirement)
            measured += [package, str(home / "bin" / "python")]
    session.run("python", "tools/weight.py", *measured)


def install_group(session: nox.Session, group: str) -> None:
    """Install the tools that a session needs, as the workspace's pyproject.toml lists them."""
    session.install(*nox.project.dependency_groups(WORKSPACE, group))


def install_wheels(session: nox.Session, *packages: str) -> None:
    """Install packages, each from its wheel and with what its tests need."""
    session.install(*(f"{wheel(session, package)}[{PACKAGES[package]}]" for package in packages))


def install_beside(session: nox.Session, home: Path, *requirements: str) -> None:
    """Install something in an environment of its own, which is kept from run to run."""
    if not (home / "pyvenv.cfg").is_file():
        session.run("uv", "venv", "--quiet", "--python", NEWEST, str(home))
    # Nothing is fetched where it is there already.
    session.run("uv", "pip", "install", "--quiet", "--python", str(home), *requirements)


def run_tests(session: nox.Session, package: str, *arguments: str) -> None:
    """Run the tests of a package, and the examples in the docstrings of what is installed."""
    # What Hypothesis draws says more about our code than about a version of Python.
    profile = () if session.python == NEWEST else ("--hypothesis-profile=few",)
    session.run("pytest", *SHARED, *profile, *tests_of(package), *arguments, *session.posargs)


def tests_of(package: str) -> list[str]:
    """What pytest is told to run the tests of a package and the examples in its docstrings."""
    folder = f"packages/{package}/tests"
    # Other sessions run these, each with what it needs in environments of its own.
    ignored = [f"--ignore={folder}/{name}" for name in ("extras", "interop")]
    return ["--doctest-modules", "--pyargs", module_of(package), folder, *ignored]


def reaches_enough(session: nox.Session, package: str, folder: Path) -> bool:
    """Print what tests reach of each module of a package; whether the least of all is reached."""
    chosen = f"--include=*/{module_of(package)}/*"
    session.run("coverage", "report", chosen, "--skip-covered", "--show-missing")
    told = folder / f"{package}.json"
    session.run("coverage", "json", chosen, "--quiet", "-o", str(told))
    totals = json.loads(told.read_text())["totals"]
    reached = {
        "lines": 100 * totals["covered_lines"] / totals["num_statements"],
        "branches": 100 * totals["covered_branches"] / totals["num_branches"],
    }
    session.log(f"{package}: " + ", ".join(f"{n:.1f} % of {what}" for what, n in reached.items()))
    return all(n >= LEAST_REACHED[what] for what, n in reached.items())


def assert_alone(session: nox.Session, package: str) -> None:
    """Stop unless the other package cannot be imported in the session's environment."""
    for other in PACKAGES.keys() - {package}:
        absent = f"from importlib.util import find_spec; assert not find_spec({module_of(other)!r})"
        # -I: neither the working directory nor PYTHONPATH may offer it.
        session.run("python", "-I", "-c", absent)


def assert_fit(session: nox.Session, package: str) -> None:
    """Stop unless a package index would take what is built, and it is complete."""
    install_group(session, "build")
    files = (str(wheel(session, package)), str(sdist_of(session, package)))
    session.run("twine", "check", "--strict", *files)
    session.run("python", "tools/contents.py", f"packages/{package}", *files)


def unpacked(sdist: Path, folder: Path) -> Path:
    """The one folder that an sdist holds, unpacked into a folder that is emptied for it."""
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    return source


def module_of(package: str) -> str:
    """The name by which a package is imported."""
    return package.replace("-", "_")


def wheel(session: nox.Session, package: str) -> Path:
    """The wheel of a package, built from the checkout."""
    return next(built(session, package).glob("*.whl"))


def sdist_of(session: nox.Session, package: str) -> Path:
    """The sdist of a package, built from the checkout."""
    return next(built(session, package).glob("*.tar.gz"))


def built(session: nox.Session, package: str) -> Path:
    """The folder with the sdist and the wheel of a package, built once in a run of nox."""
    if package not in _built:
        target = Path(session.cache_dir).absolute() / "dist" / package
        for old in target.glob("*"):
            old.unlink()
        source = f"packages/{package}"
        session.run("uv", "build", "--quiet", source, "--out-dir", str(target))
        _built[package] = target
    return _built[package]
