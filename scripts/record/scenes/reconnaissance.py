"""Looking around in a Windows network with somebody's password: who there is, and who is logged on where; and an administrator who looks at one server."""

import services
from lab import Capture, Lab
from office import MACS, Office
from registry import Sample, scene
from scenes.windows import FILES, impacket


@scene(
    Sample('rid-cycling.pcap', 'rpcclient counts through the numbers of a file server\'s accounts, as enum4linux does, and impacket-samrdump asks for their list.',
           'LsarLookupSids for the numbers 500 to 599 and 1000 to 1099, most of which are nobody; the list of users over SAMR.',
           ['`service-enumeration`, technique rid-cycling (medium): 192.168.10.24 counts through the numbers of accounts of 10.20.0.20 (ATT&CK T1087)',
            '`service-enumeration`, technique account-lists (low): the list of users', '`ntlm-hash-exposure`',
            '`smbv1`, technique signing (low): the server does not insist on signatures', 'no `lateral-movement`'],
           ['lsarpc.opnum in {15, 57} | names are asked for', 'samr.opnum == 13 | the list of users']),
    Sample('smb-looked-at.pcap', 'alice looks at one server: its shares, its sessions, the names behind three permissions. Near miss of collecting sessions and of RID cycling.',
           'rpcclient: srvinfo, netshareenum, netsessenum, lookupnames and lookupsids.',
           ['`ntlm-hash-exposure`', '`smbv1`, technique signing (low): the server does not insist on signatures', 'no `service-enumeration`'],
           ['srvsvc.opnum == 15 | shares', 'lsarpc.opnum in {15, 57} | three names']))
def accounts(lab: Lab) -> None:
    office = Office(lab, ('alice', 'kiosk'), ('files',), delay_ms=1)
    # Below SMB 3 nothing is encrypted.
    services.samba(office.files, newest='SMB2_10')
    login = ('-U', f'alice%{services.PASSWORD}', '-m', 'SMB2', FILES)
    sid = office.alice.run('rpcclient', *login, '-c', 'lookupnames alice').split('S-1-5-21-')[1].split()[0]
    lab.commands.pop()
    machine = 'S-1-5-21-' + sid.rsplit('-', 1)[0]
    with Capture(office.switch, 'rid-cycling.pcap', 'tcpdump', '-i', 'br0'):
        for first in (500, 550, 1000, 1050):
            office.kiosk.run('rpcclient', *login, '-c', 'lookupsids ' + ' '.join(f'{machine}-{n}' for n in range(first, first + 50)),
                             show=f'rpcclient -U alice%*** -m SMB2 {FILES} -c "lookupsids {machine}-{first} ... {machine}-{first + 49}"')
        impacket(office.kiosk, 'samrdump', f'alice:{services.PASSWORD}@{FILES}')
    with Capture(office.switch, 'smb-looked-at.pcap', 'tcpdump', '-i', 'br0'):
        office.alice.run('rpcclient', *login, '-c', f'srvinfo;netshareenum;netsessenum;lookupnames alice;lookupsids {machine}-{sid.rsplit("-", 1)[1]} {machine}-501 {machine}-513',
                         show=f'rpcclient -U alice%*** -m SMB2 {FILES} -c "srvinfo;netshareenum;netsessenum;lookupnames alice;lookupsids ..."')
        office.alice.run('smbclient', '-L', FILES, '-m', 'SMB2', '-U', f'alice%{services.PASSWORD}', show=f'smbclient -L {FILES} -m SMB2 -U alice%***')


@scene(Sample(
    'session-collection.pcap', 'rpcclient asks twelve machines who is logged on there, as BloodHound does.',
    'NetrWkstaUserEnum and NetrSessionEnum over SMB 2, machine after machine.',
    ['`service-enumeration`, technique session-collection (medium): 192.168.10.24 asks twelve hosts who is logged on (ATT&CK T1033, T1049)', '`ntlm-hash-exposure`',
     '`smbv1`, technique signing (low): the servers do not insist on signatures', 'no `host-sweep`: all of them answer'],
    ['srvsvc.opnum == 12 | sessions', 'wkssvc.opnum == 2 | users']))
def session_collection(lab: Lab) -> None:
    switch = lab.switch()
    kiosk = lab.host('kiosk')
    lab.plug(kiosk, switch, MACS['kiosk'])
    kiosk.address('192.168.10.24/24')
    addresses = []
    for n in range(12):
        desk = lab.host(f'desk{n:02}')
        lab.plug(desk, switch, f'f0:18:98:0c:b0:{n:02x}')
        desk.address(f'192.168.10.{101 + n}/24')
        services.samba(desk, f'DESK{n:02}', newest='SMB2_10')
        addresses.append(f'192.168.10.{101 + n}')
    with Capture(switch, 'session-collection.pcap', 'tcpdump', '-i', 'br0'):
        for address in addresses:
            kiosk.run('rpcclient', '-U', f'alice%{services.PASSWORD}', '-m', 'SMB2', address, '-c', 'netsessenum;wkssvc_enumerateusers',
                      show='rpcclient -U alice%*** -m SMB2 192.168.10.101 -c "netsessenum;wkssvc_enumerateusers"   # and eleven more')
