import type grpc from '@grpc/grpc-js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import languageGrpcPb from '@pulumi/pulumi/proto/language_grpc_pb.js';
import languagePb from '@pulumi/pulumi/proto/language_pb.js';
import pluginPb from '@pulumi/pulumi/proto/plugin_pb.js';
import { servePlugin } from '../shared/serve-plugin.ts';
import { runProgram } from './run-program.ts';

/** The release of the official language host whose protocol this follows. */
const version = '3.274.1';

/** The engine's address comes as the last argument, or later in the handshake. */
let engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith('-')) ?? '';
const cancelled = new AbortController();

const reply =
  <Request, Response>(handle: (request: Request) => Response): grpc.handleUnaryCall<Request, Response> =>
  (call, callback) =>
    callback(null, handle(call.request));

await servePlugin(languageGrpcPb.LanguageRuntimeService, {
  handshake: reply((request: languagePb.LanguageHandshakeRequest) => {
    engineAddress = request.getEngineAddress() || engineAddress;
    return new languagePb.LanguageHandshakeResponse();
  }),
  getPluginInfo: reply(() => new pluginPb.PluginInfo().setVersion(version)),
  // None: plugins are loaded when the program first uses them. Listing every dependency would make the engine ask for plugins
  // that a profile does not use, and where no download is possible that would fail the run.
  getRequiredPackages: reply(() => new languagePb.GetRequiredPackagesResponse()),
  getRequiredPlugins: reply(() => new languagePb.GetRequiredPluginsResponse()),
  getProgramDependencies: reply(() => new languagePb.GetProgramDependenciesResponse()),
  about: reply(() => new languagePb.AboutResponse().setExecutable(process.execPath).setVersion(process.version)),
  cancel: reply(() => {
    cancelled.abort();
    return new emptyPb.Empty();
  }),
  run: (
    call: grpc.ServerUnaryCall<languagePb.RunRequest, languagePb.RunResponse>,
    callback: grpc.sendUnaryData<languagePb.RunResponse>,
  ) => {
    const request = call.request;
    runProgram({
      engineAddress,
      monitorAddress: request.getMonitorAddress(),
      project: request.getProject(),
      stack: request.getStack(),
      organization: request.getOrganization(),
      parallel: request.getParallel(),
      dryRun: request.getDryrun(),
      rootDirectory: request.getInfo()?.getRootDirectory() ?? request.getPwd(),
      programDirectory: request.getInfo()?.getProgramDirectory() ?? request.getPwd(),
      entryPoint: request.getInfo()?.getEntryPoint() ?? request.getProgram(),
      config: Object.fromEntries(request.getConfigMap().toArray()),
      secretConfigKeys: request.getConfigsecretkeysList(),
      signal: cancelled.signal,
    }).then(
      ({ bail, error }) => callback(null, new languagePb.RunResponse().setBail(bail).setError(error)),
      (error: unknown) => callback(null, new languagePb.RunResponse().setError(error instanceof Error ? error.message : String(error))),
    );
  },
});
