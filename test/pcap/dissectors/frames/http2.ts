/** One connection with every kind of frame, written by python3-hyperframe 6.1.0 and python3-hpack 4.2.0, and what tshark 4.0.17 reads in its frames (`-T pdml`). */
import { conversation, hex, type Segment } from '../../../support/streamDriver.ts';

export const EVERY_FRAME: readonly Segment[] = conversation(
  [
    '>',
    hex(
      '505249202a20485454502f322e300d0a0d0a534d0d0a0d0a00003004000000000000010000100000020000000000030000006400040000ffff000500004000000600002000000800000001' +
        '000900000007',
    ),
  ],
  ['<', hex('000006040000000000000300000080000000040100000000')],
  ['>', hex('000000040100000000000004080000000000000f0001')],
  [
    '>',
    hex(
      '000054012d0000000105800000000f82864485607fe47013418cf1e3c2e5f23a6ba0ab90f4ff7a87aec3c65602b83f5383f963e71f0897ba34188a73e5e6be62e0e46cdda23ab4d041614f' +
        'eec8204084f2b1fc558329aa470000000000',
    ),
  ],
  ['<', hex('000005010000000001885f87497c000004090000000001a58ae81900000b090400000001aa5c82083f7684aec3c65f')],
  ['<', hex('0000090008000000010368656c6c6f000000000005000000000001776f726c64')],
  ['<', hex('00000c01050000000140889acac8b21234da8f8107')],
  [
    '>',
    hex(
      '0000210104000000033fe1018386c2c15f981d75d0620d263d4c795bc78f0b4a7b295adb282d443c859300001b000100000003757365723d626f622670617373776f72643d73776f726466' +
        '697368',
    ),
  ],
  ['<', hex('000020050c000000030200000002828644876109f541572211418cf1e3c2e5f23a6ba0ab90f4ff0000')],
  ['<', hex('0000020105000000028dc1')],
  ['<', hex('000008010500000003488264026e82623f')],
  ['>', hex('00000502000000000500000003c8000008060000000000313233343536373800000403000000000300000008')],
  ['<', hex('0000080601000000003132333435363738')],
  ['<', hex('0000160a0000000000000b6578616d706c652e636f6d68333d223a34343322')],
  ['<', hex('00002a0c0000000000001368747470733a2f2f6578616d706c652e636f6d001368747470733a2f2f6578616d706c652e6f7267')],
  ['<', hex('00000810000000000000000005753d312c')],
  ['<', hex('000003990300000007616263')],
  ['<', hex('00000c070000000000000000030000000b63616c6d')],
);

/**
 * Names without `http2.`. Two things are otherwise in tshark: it shows the first field of a block that goes on in CONTINUATION frames in the HEADERS frame already, and
 * the body again, put together, in the frame that ends it.
 */
export const FIELDS_OF_FRAMES = `
type=4 | flags=0 | streamid=0 | settings.id=1 | settings.header_table_size=4096 | settings.id=2 | settings.enable_push=0 | settings.id=3 | settings.max_concurrent_streams=100 | settings.id=4 | settings.initial_window_size=65535 | settings.id=5 | settings.max_frame_size=16384 | settings.id=6 | settings.max_header_list_size=8192 | settings.id=8 | settings.extended_connect=1 | settings.id=9 | settings.unknown=7
type=4 | flags=0 | streamid=0 | settings.id=3 | settings.max_concurrent_streams=128
type=4 | flags=1 | streamid=0
type=4 | flags=1 | streamid=0
type=8 | flags=0 | streamid=0 | window_update.window_size_increment=983041
type=1 | flags=45 | streamid=1 | pad_length=5 | exclusive=true | stream_dependency=0 | headers.weight=15 | headers.weight_real=16 | header.name=:method | header.value=GET | headers.method=GET | header.index=2 | header.name=:scheme | header.value=http | headers.scheme=http | header.index=6 | header.name=:path | header.value=/a?b=c | headers.path=/a?b=c | header.index=4 | header.name=:authority | header.value=www.example.com | headers.authority=www.example.com | header.index=1 | header.name=user-agent | header.value=probe/1.0 | headers.user_agent=probe/1.0 | header.index=58 | header.name=accept | header.value=*/* | headers.accept=*/* | header.index=19 | header.name=authorization | header.value=Basic YWxpY2U6b3BlbnNlc2FtZQ== | headers.authorization=Basic YWxpY2U6b3BlbnNlc2FtZQ== | header.index=23 | header.name=x-own | header.value=eins | request.full_uri=http://www.example.com/a?b=c | headers.padding=0000000000
type=1 | flags=0 | streamid=1 | pad_length=0
type=9 | flags=0 | streamid=1 | pad_length=0
type=9 | flags=4 | streamid=1 | pad_length=0 | header.name=:status | header.value=200 | headers.status=200 | header.index=8 | header.name=content-type | header.value=text/plain | headers.content_type=text/plain | header.index=31 | header.name=content-length | header.value=10 | headers.content_length=10 | header.index=28 | header.name=server | header.value=probe | headers.server=probe | header.index=54
type=0 | flags=8 | streamid=1 | pad_length=3 | data.data=68656c6c6f | data.padding=000000
type=0 | flags=0 | streamid=1 | pad_length=0 | data.data=776f726c64
type=1 | flags=5 | streamid=1 | pad_length=0 | header.name=grpc-status | header.value=0
type=1 | flags=4 | streamid=3 | pad_length=0 | header_table_size_update.header_table_size=256 | header.name=:method | header.value=POST | headers.method=POST | header.index=3 | header.name=:scheme | header.value=http | headers.scheme=http | header.index=6 | header.name=:path | header.value=/a?b=c | headers.path=/a?b=c | header.index=66 | header.name=:authority | header.value=www.example.com | headers.authority=www.example.com | header.index=65 | header.name=content-type | header.value=application/x-www-form-urlencoded | headers.content_type=application/x-www-form-urlencoded | header.index=31 | request.full_uri=http://www.example.com/a?b=c
type=0 | flags=1 | streamid=3 | pad_length=0 | data.data=757365723d626f622670617373776f72643d73776f726466697368
type=5 | flags=12 | streamid=3 | pad_length=2 | push_promise.promised_stream_id=2 | header.name=:method | header.value=GET | headers.method=GET | header.index=2 | header.name=:scheme | header.value=http | headers.scheme=http | header.index=6 | header.name=:path | header.value=/style.css | headers.path=/style.css | header.index=4 | header.name=:authority | header.value=www.example.com | headers.authority=www.example.com | header.index=1 | request.full_uri=http://www.example.com/style.css | push_promise.padding=0000
type=1 | flags=5 | streamid=2 | pad_length=0 | header.name=:status | header.value=404 | headers.status=404 | header.index=13 | header.name=server | header.value=probe | headers.server=probe | header.index=65
type=1 | flags=5 | streamid=3 | pad_length=0 | header.name=:status | header.value=302 | headers.status=302 | header.index=8 | header.name=location | header.value=/b | headers.location=/b | header.index=46
type=2 | flags=0 | streamid=5 | exclusive=false | stream_dependency=3 | headers.weight=200 | headers.weight_real=201
type=6 | flags=0 | streamid=0 | ping=3132333435363738
type=3 | flags=0 | streamid=3 | rst_stream.error=8
type=6 | flags=1 | streamid=0 | pong=3132333435363738
type=10 | flags=0 | streamid=0 | altsvc.origin.len=11 | altsvc.origin=example.com | altsvc.field_value=h3=":443"
type=12 | flags=0 | streamid=0 | origin.origin_len=19 | origin.origin=https://example.com | origin.origin_len=19 | origin.origin=https://example.org
type=16 | flags=0 | streamid=0 | priority_update_stream_id=5 | priority_update_field_value=u=1,
type=153 | flags=3 | streamid=7 | unknown=616263
type=7 | flags=0 | streamid=0 | goaway.last_stream_id=3 | goaway.error=11 | goaway.addata=63616c6d`
  .trim()
  .split('\n');
