/** Before each test file of those that share a process: the machine's own functions that an earlier file installed are gone, as in a process of its own. */
import { installPlatform } from '../../src/pcap/platform.ts';

installPlatform(null);
