"""What happens to the files of a share: a client that makes them unreadable, and clients that write, rename and replace as everybody does."""

import pathlib
import random

import services
from lab import LAB, Capture, Lab, sh
from office import Office
from registry import Sample, scene
from scenes.windows import FILES

FOLDERS = ('accounts', 'contracts', 'letters', 'offers', 'plans', 'reports')
READABLE = b'PK\3\4\x14\0\6\0' + b'what was agreed upon, and by whom. ' * 16


def fill(lab: Lab) -> pathlib.Path:
    home = LAB / 'home/alice'
    for folder in FOLDERS:
        (home / folder).mkdir(exist_ok=True)
        for n in range(4):
            (home / folder / f'{folder}-{n:02}.docx').write_bytes(READABLE)
    sh('chown', '-R', 'alice:', str(home))
    (lab.folder / 'unreadable').write_bytes(random.Random(7).randbytes(600))
    (lab.folder / 'note').write_text('Your files are safe, but you cannot read them. Write to us.\n')
    return home


def smbclient(host, commands: list[str], show: str) -> None:
    host.run('smbclient', f'//{FILES}/team', '-U', f'alice%{services.PASSWORD}', '-c', f'lcd {host.lab.folder};' + ';'.join(commands), show=f'smbclient //{FILES}/team -U alice%*** -c "{show}"')


@scene(
    Sample('share-encrypted.pcap', 'A kiosk overwrites 24 documents of a share with random bytes, gives them a new ending and leaves a note in each folder, as ransomware does.',
           'smbclient: get, put over it, rename to .locked7, file after file in six folders; HOW_TO_DECRYPT.txt in each.',
           ['`ransomware` (critical): 192.168.10.24 makes 24 files of 10.20.0.20 unreadable (ATT&CK T1486)', '`ntlm-hash-exposure`',
            '`smbv1`, technique signing (low): the server does not insist on signatures', 'no `data-exfiltration`'],
           ['smb2.cmd == 17 | renamed', 'smb2.cmd == 9 | overwritten']),
    Sample('share-work.pcap', 'alice saves as Office does, packs what is old, unpacks a project and marks what she has read. Near miss of ransomware.',
           'smbclient: 24 documents written under a temporary name and renamed twice; 24 written as .gz and the originals deleted; a README in each of six folders; 24 files renamed to .done.',
           ['`ntlm-hash-exposure`', '`smbv1`, technique signing (low): the server does not insist on signatures', 'no `ransomware`'],
           ['smb2.cmd == 17 | renamed and deleted']))
def shares(lab: Lab) -> None:
    office = Office(lab, ('alice', 'kiosk'), ('files',), delay_ms=0)
    services.samba(office.files)
    fill(lab)
    with Capture(office.switch, 'share-encrypted.pcap', 'tcpdump', '-i', 'br0'):
        commands = []
        for folder in FOLDERS:
            for n in range(4):
                name = f'{folder}\\{folder}-{n:02}.docx'
                commands += [f'get {name} /dev/null', f'put unreadable {name}', f'rename {name} {name}.locked7']
            commands.append(f'put note {folder}\\HOW_TO_DECRYPT.txt')
        smbclient(office.kiosk, commands, 'get accounts-00.docx; put unreadable accounts-00.docx; rename accounts-00.docx accounts-00.docx.locked7; ...')
    fill(lab)
    (lab.folder / 'document').write_bytes(b'PK\3\4\x14\0\6\0' + random.Random(8).randbytes(560))
    sh('sh', '-c', f'gzip -c {LAB}/home/alice/notes.txt > {lab.folder}/packed.gz; head -c 400 /dev/urandom >> {lab.folder}/packed.gz')
    with Capture(office.switch, 'share-work.pcap', 'tcpdump', '-i', 'br0'):
        commands = []
        for n in range(24):
            folder, name = FOLDERS[n % 6], f'{FOLDERS[n % 6]}-{n // 6:02}'
            commands += [f'put document {folder}\\~wr{n:04}.tmp', f'rename {folder}\\{name}.docx {folder}\\{name}.bak', f'rename {folder}\\~wr{n:04}.tmp {folder}\\{name}.docx', f'del {folder}\\{name}.bak']
        smbclient(office.alice, commands, 'put document ~wr0000.tmp; rename accounts-00.docx accounts-00.bak; rename ~wr0000.tmp accounts-00.docx; del accounts-00.bak; ...')
        commands = []
        for n in range(24):
            name = f'{FOLDERS[n % 6]}\\{FOLDERS[n % 6]}-{n // 6:02}.docx'
            commands += [f'get {name} /dev/null', f'put packed.gz {name}.gz', f'del {name}']
        smbclient(office.alice, commands, 'get accounts-00.docx; put packed.gz accounts-00.docx.gz; del accounts-00.docx; ...')
        commands = [f'put note {folder}\\README.txt' for folder in FOLDERS]
        commands += [f'rename {FOLDERS[n % 6]}\\{FOLDERS[n % 6]}-{n // 6:02}.docx.gz {FOLDERS[n % 6]}\\{FOLDERS[n % 6]}-{n // 6:02}.docx.gz.done' for n in range(24)]
        smbclient(office.alice, commands, 'put note accounts/README.txt; ...; rename accounts-00.docx.gz accounts-00.docx.gz.done; ...')
