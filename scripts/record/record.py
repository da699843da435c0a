#!/usr/bin/python3
"""Records the sample captures: `record.py [NAME...]`, all scenes without a name, `record.py --list` to see them.

Needs root, Linux with veth and bridge, and the Debian packages named in captures/README.md. Writes captures/<file> and its <name>.md.
Everything runs in private namespaces (lab.py), a scene is bounded to minutes, and nothing stays behind.
"""

import importlib
import pathlib
import shutil
import sys
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import lab
import notes
import registry

CAPTURES = pathlib.Path(__file__).resolve().parents[2] / 'captures'


def main() -> int:
    for module in sorted((pathlib.Path(__file__).parent / 'scenes').glob('*.py')):
        importlib.import_module(f'scenes.{module.stem}')
    if '--list' in sys.argv:
        for name, scene in registry.SCENES.items():
            print(f'{name:28} {", ".join(s.file for s in scene.samples)}')
        return 0
    wanted = sys.argv[1:] or list(registry.SCENES)
    unknown = [name for name in wanted if name not in registry.SCENES]
    if unknown:
        print(f'record: no scene called {", ".join(unknown)}; try --list', file=sys.stderr)
        return 2
    lab.enter()
    failed = [name for name in wanted if not record(registry.SCENES[name])]
    notes.write_index(CAPTURES)
    print(f'record: {len(wanted) - len(failed)} scenes recorded' + (f', failed: {", ".join(failed)}' if failed else ''))
    return 1 if failed else 0


def record(scene: registry.Scene) -> bool:
    print(f'record: {scene.name}', flush=True)
    stage = lab.Lab(scene.name)
    try:
        scene.run(stage)
        for sample in scene.samples:
            if notes.facts(stage.folder / sample.recorded_as)[0] == 0:
                raise RuntimeError(f'{sample.recorded_as} is empty')
            if unmet := notes.unmet_promises(stage.folder / sample.recorded_as, sample):
                raise RuntimeError(f'{sample.recorded_as}: nothing matches {"; ".join(unmet)}')
            target = CAPTURES / time.strftime(sample.file, time.gmtime())
            if '%' in sample.file:
                for older in CAPTURES.glob('capture_[0-9]*'):
                    older.unlink()
            shutil.copyfile(stage.folder / sample.recorded_as, target)
            notes.write(target, sample, stage.commands, stage.packages)
        return True
    except Exception:
        traceback.print_exc()
        return False
    finally:
        stage.close()


if __name__ == '__main__':
    sys.exit(main())
