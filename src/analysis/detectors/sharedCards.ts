/** MAC addresses that move from machine to machine by design: VRRP and CARP, HSRP of both versions, GLBP, Microsoft's network load balancing. */
export function isShared(mac: number): boolean {
  const top5 = Math.floor(mac / 256),
    top2 = Math.floor(mac / 4_294_967_296);
  if (top5 === 0x00005e0001 || top5 === 0x00005e0002 || top5 === 0x00000c07ac || Math.floor(mac / 4096) === 0x00000c9ff) return true;
  return Math.floor(mac / 16_777_216) === 0x0007b4 || top2 === 0x02bf || top2 === 0x03bf;
}
