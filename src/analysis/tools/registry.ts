/** The tools of the analysis. One file each; one line here admits it. */
export { analyzeNetwork } from './analyzeNetwork.ts';
export { compareCaptures } from './compareCaptures.ts';
export { explainFinding } from './explainFinding.ts';
export { followStream } from './followStream.ts';
export { getHost } from './getHost.ts';
export { getPacket } from './getPacket.ts';
export { getStatistics } from './getStatistics.ts';
export { getTimeline } from './getTimeline.ts';
export { listCaptures } from './listCaptures.ts';
export { listConversations } from './listConversations.ts';
export { listFindings } from './listFindings.ts';
export { listPackets } from './listPackets.ts';
export { queryProtocol } from './queryProtocol.ts';
export { writeReport } from './writeReport.ts';
