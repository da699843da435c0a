/** The engine's calls, passed on. What a page shows comes with its texts made safe: no override of direction turns `exe.png` into another name. */
import type { EngineMethods, EngineSession, HostMethods } from '../analysis/engineApi.ts';
import { withSafeTexts } from '../analysis/exports/safeText.ts';
import type { Handlers } from '../analysis/rpc.ts';

export function engineHandlers(session: EngineSession): Handlers<Omit<EngineMethods, keyof HostMethods>> {
  type Call<M extends keyof EngineMethods> = (params: EngineMethods[M][0], signal: AbortSignal) => Promise<EngineMethods[M][1]>;
  const pass =
      <M extends keyof EngineMethods>(method: M): Call<M> =>
      (params, signal) =>
        session.call(method, params, signal),
    show =
      <M extends keyof EngineMethods>(method: M): Call<M> =>
      async (params, signal) =>
        withSafeTexts(await session.call(method, params, signal));
  return {
    report: show('report'),
    packets: show('packets'),
    messages: show('messages'),
    conversations: show('conversations'),
    conversationsById: show('conversationsById'),
    endpoints: show('endpoints'),
    services: show('services'),
    graph: pass('graph'),
    tcpGraph: pass('tcpGraph'),
    inventory: show('inventory'),
    files: show('files'),
    carriedFiles: show('carriedFiles'),
    fileContents: pass('fileContents'),
    host: show('host'),
    indexOfFrame: pass('indexOfFrame'),
    findPacket: pass('findPacket'),
    packet: show('packet'),
    checkFilter: pass('checkFilter'),
    completeFilter: pass('completeFilter'),
    followStream: show('followStream'),
    exportFormats: pass('exportFormats'),
    saveEvidence: pass('saveEvidence'),
    rereadLists: pass('rereadLists'),
    setAllowRules: pass('setAllowRules'),
    setDetectorOptions: pass('setDetectorOptions'),
  };
}
