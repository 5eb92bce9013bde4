/** A simulated 3CX v20 PBX: Configuration API, Call Control and a page to watch it, on one port. */
import { randomBytes, randomInt } from 'node:crypto';
import { catalogue } from '../../lib/xapi/catalogue';
import { Tokens, type ExpiryUnit } from './auth';
import { CallLog, type PartyType } from './callLog';
import { Refusal, createCallEngine, type CallEngine, type EngineOptions } from './callcontrol';
import { seedCompany, seedEssentials } from './company';
import { createDirectory } from './directory';
import { Faults } from './faults';
import { Load, type LoadOptions } from './load';
import { Server, type Descriptions, type RequestRecord } from './server';
import { selfSigned } from './certificate';
import type { Row } from './odata/model';
import { pageRoutes } from './page';
import type { Quirks } from './quirks';
import { sessions } from './session';
import type { ApiClient, Directory, Dn, Licence } from './types';
import { Xapi } from './xapi';
import type { ApiClients, Context, LiveCalls } from './xapi/context';
import { metadataFrom } from './xapi/metadata';
import { XapiModel } from './xapi/model';
import { Store } from './xapi/store';
import { swaggerFrom } from './xapi/swagger';

export type { Fault, Faults } from './faults';
export type { Load, LoadOptions } from './load';
export type { RequestRecord } from './server';
export type { ApiClient, Licence, Role } from './types';
export type { Store } from './xapi/store';
export type { CallEngine } from './callcontrol';

/** The version that the catalogue describes; its last number, the build, is a choice. */
export const VERSION = '20.0.10.1000';

export interface PbxOptions {
	/** TCP port; default 0, a free one. */
	port?: number;
	/** Address to listen on; default 127.0.0.1. */
	host?: string;
	/** Serve https with a certificate made at start, signed by itself; default false. */
	tls?: boolean;
	/** The API clients; the first is the default one. Default: `n8n`, a system owner with both APIs and a random secret. */
	clients?: ApiClient[];
	/** Anything but `enterprise` has neither API: XAPI answers 403, Call Control 404. Default enterprise. */
	licence?: Licence;
	/** Unit of `expires_in`; default seconds, as version 20.0.9 sends it (protocol 1.2). */
	expiresIn?: ExpiryUnit;
	/** Seconds that an access token lives; default 3600. */
	tokenLifetimeSeconds?: number;
	/** PBX version, in `X-3CX-Version`; default {@link VERSION}. */
	version?: string;
	/** Host name of the PBX, also the `iss` of its tokens; without it that is the host name a client calls. */
	fqdn?: string;
	/** `company` (default) or `empty`: only the default department, a trunk and the API clients. */
	seed?: 'company' | 'empty';
	/** Milliseconds that every answer takes on top; `faults.latencyMs` changes it later. Default 0. */
	latencyMs?: number;
	/** Makes it slower as requests queue; `load.options` changes it later. Default: nothing slows it down. */
	load?: LoadOptions;
	/** Rows that the call log begins with; default 400. */
	seedCallLogRows?: number;
	/** The clock; default the system's. */
	now?: () => Date;
	/** Largest `$top` of entity sets, null for none; default 100 (protocol 4.3). */
	topLimit?: number | null;
	/** Rows in an answer without `$top`; default 100, which is what one note says (protocol 4.3). */
	pageSize?: number;
	/** Send `@odata.nextLink`; default false: nobody has seen one (protocol 4.1). */
	nextLink?: boolean;
	/** Failed logins after which `/connect/token` answers 403; default never. */
	blockAfterFailedLogins?: number;
	/** Answer timestamp filters on CallHistoryView with 500 as newer builds do; default false (protocol 4.3). */
	callHistoryTimestampFails?: boolean;
	/** What it does otherwise than most. */
	quirks?: Quirks;
	/** Options of the call engine, such as how long phones ring. */
	calls?: EngineOptions;
}

export interface Pbx {
	/** Scheme, host and port, without a trailing slash. */
	url: string;
	clients: readonly ApiClient[];
	defaultClient: ApiClient;
	store: Store;
	calls: CallEngine;
	faults: Faults;
	/** How busy it is. */
	load: Load;
	/** The latest requests, oldest first; at most 50,000. */
	requests: RequestRecord[];
	/** TCP connections accepted since the start. */
	readonly connections: number;
	/** Access tokens given out, by client ID. */
	mints: Readonly<Record<string, number>>;
	/** Logins refused for wrong credentials. */
	readonly failedLogins: number;
	/** Another program logs in with the default client's ID and secret: the token that there was is dead. */
	otherLogin(): void;
	/** Gets another certificate, signed by itself, and drops every connection. */
	changeCertificate(): Promise<void>;
	/** Sockets of Call Control that are open. */
	readonly sockets: number;
	/** Refuses connections and cuts those there are, until `up`. */
	down(): Promise<void>;
	up(): Promise<void>;
	/** Drops every connection and token and comes back on the same port; the configuration stays. */
	restart(): Promise<void>;
	close(): Promise<void>;
}

/** What the PBX says about its own API. On real ones both are there for whoever has a token (protocol 4.1). */
const descriptions: Descriptions = {
	'swagger.yaml': { contentType: 'application/yaml', make: () => swaggerFrom(catalogue) },
	$metadata: { contentType: 'application/xml', make: () => metadataFrom(catalogue) },
};

const ALPHANUMERIC = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';

const secret = (length: number, alphabet = ALPHANUMERIC) =>
	Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');

/** A usable API client: system owner in a real department, both APIs, all extensions monitored. */
const ownerClient = (): ApiClient => ({
	clientId: 'n8n',
	clientSecret: randomBytes(24).toString('base64url'),
	role: 'system_owners',
	xapiEnabled: true,
	callControlEnabled: true,
	monitored: 'all',
});

class Registry implements ApiClients {
	constructor(
		private readonly list: ApiClient[],
		private readonly revoke: (clientId: string) => void,
	) {}

	byId(clientId: string): ApiClient | undefined {
		return this.list.find((client) => client.clientId === clientId);
	}

	add(client: ApiClient): void {
		this.list.push(client);
	}

	remove(clientId: string): void {
		const index = this.list.findIndex((client) => client.clientId === clientId);
		if (index >= 0) this.list.splice(index, 1);
		this.revoke(clientId);
	}

	regenerate(clientId: string): string {
		const client = this.byId(clientId);
		const fresh = randomBytes(24).toString('base64url');
		if (client) client.clientSecret = fresh;
		return fresh;
	}
}

/** What a DN is, for the call log. Anything that is no DN of ours is outside. */
const PARTY_TYPES: Readonly<Record<Dn['type'], PartyType>> = {
	Wextension: 'extension',
	Wroutepoint: 'extension',
	Wqueue: 'queue',
	Wringgroup: 'queue',
	Wivr: 'ivr',
	Wparkextension: 'parking',
	Wspecialmenu: 'voicemail',
	Wexternalline: 'external',
};

const partyTypeIn =
	(directory: Directory) =>
	(number: string): PartyType => {
		const dn = directory.dn(number);
		return dn ? PARTY_TYPES[dn.type] : 'external';
	};

function departmentOf(store: Store, number: string): string | undefined {
	const [first] = (store.dn(number)?.row.Groups ?? []) as Row[];
	return first && String(first.Name);
}

function liveCalls(engine: CallEngine): LiveCalls {
	return {
		calls: () => engine.calls(),
		drop: (callid) => engine.hangUp({ callid }),
		make(from, to) {
			try {
				engine.makeCall({ from, to });
				return true;
			} catch (error) {
				if (!(error instanceof Refusal)) process.emitWarning(String(error));
				return false;
			}
		},
	};
}

/**
 * Starts a simulated PBX.
 * @throws Error when the port is taken, or `tls` is asked for and there is no openssl
 */
export async function startPbx(options: PbxOptions = {}): Promise<Pbx> {
	const {
		now = () => new Date(),
		host = '127.0.0.1',
		licence = 'enterprise',
		quirks = {},
		version = VERSION,
	} = options;
	const list = options.clients?.map((client) => ({ ...client })) ?? [ownerClient()];
	const [defaultClient = ownerClient()] = list;
	const store = new Store();
	const directory = createDirectory(store);
	const engine = createCallEngine(directory, { now, ...options.calls });
	const callLog = new CallLog(partyTypeIn(directory));
	engine.on('finished', (call) => callLog.add([call]));
	const faults = new Faults();
	faults.latencyMs = options.latencyMs ?? 0;
	const load = new Load(options.load);

	const clients = new Registry(list, (clientId) => tokens.revoke(clientId));
	const { fqdn = 'larkfield.3cx.example.com' } = options;
	const tokens: Tokens = new Tokens(
		(clientId) => clients.byId(clientId),
		{
			issuer: options.fqdn,
			lifetimeSeconds: options.tokenLifetimeSeconds ?? 3600,
			expiresIn: options.expiresIn ?? 'seconds',
			blockAfterFailures: options.blockAfterFailedLogins,
			withoutIat: quirks.withoutIat,
			now: () => new Date(now().getTime() + (quirks.clockOffsetMs ?? 0)),
		},
		(token) => server.tokenRevoked(token),
	);
	const context: Context = {
		store,
		model: new XapiModel(catalogue, now),
		clients,
		calls: liveCalls(engine),
		callLog,
		licence,
		version,
		fqdn,
		now,
		secret,
		callHistoryTimestampFails: options.callHistoryTimestampFails ?? false,
	};
	seedEssentials(context, [...list]);
	if (options.seed !== 'empty') seedCompany(context, options.seedCallLogRows ?? 400);
	const xapi = new Xapi(context, {
		topLimit: options.topLimit === undefined ? 100 : options.topLimit,
		pageSize: options.pageSize ?? 100,
		nextLink: options.nextLink ?? false,
		quirks,
	});
	const server: Server = new Server(
		{
			tokens,
			faults,
			load,
			xapi,
			session: sessions(store, secret),
			engine,
			licence,
			version,
			now,
			descriptions,
			quirks,
		},
		options.tls ? await selfSigned() : undefined,
	);
	await server.listen(options.port ?? 0, host);
	/** Another program, which logs in as if the client ID were its own. */
	const stealToken = () =>
		tokens.login(
			new URLSearchParams({
				grant_type: 'client_credentials',
				client_id: defaultClient.clientId,
				client_secret: defaultClient.clientSecret,
			}),
			fqdn,
		);
	const thief =
		quirks.otherLoginEveryMs === undefined
			? undefined
			: setInterval(stealToken, quirks.otherLoginEveryMs);
	server.usePage(
		pageRoutes({
			directory,
			calls: engine,
			info: { url: server.url, clientId: defaultClient.clientId },
			dids: () => store.rows('Trunks').flatMap((trunk) => (trunk.DidNumbers ?? []) as string[]),
			department: (number) => departmentOf(store, number),
		}),
	);

	const pbx: Pbx = {
		url: server.url,
		clients: list,
		defaultClient,
		store,
		calls: engine,
		faults,
		load,
		requests: server.requests,
		get connections() {
			return server.connections;
		},
		mints: tokens.mints,
		get failedLogins() {
			return tokens.failedLogins;
		},
		otherLogin: () => void stealToken(),
		async changeCertificate() {
			server.useCertificate(await selfSigned());
			await server.down();
			await server.up();
		},
		get sockets() {
			return server.socketCount;
		},
		down: () => server.down(),
		up: () => server.up(),
		async restart() {
			await server.down();
			tokens.revokeAll();
			await server.up();
		},
		async close() {
			clearInterval(thief);
			await server.close();
			engine.close();
		},
	};
	return pbx;
}
