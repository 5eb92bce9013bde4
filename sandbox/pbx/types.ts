import type { IncomingMessage, ServerResponse } from 'node:http';

/** The seven documented 3CX roles, strongest first. The API client's role decides what XAPI lets it do. */
export const ROLES = [
	'system_owners',
	'system_admins',
	'group_owners',
	'managers',
	'group_admins',
	'receptionists',
	'users',
] as const;
export type Role = (typeof ROLES)[number];

/** Licence tiers; only Enterprise has the Configuration API and Call Control. */
export const LICENCES = ['enterprise', 'professional', 'basic'] as const;
export type Licence = (typeof LICENCES)[number];

/** An API client as made under Integrations > API. Its client ID is also the number of a route point DN. */
export interface ApiClient {
	clientId: string;
	clientSecret: string;
	role: Role;
	/** The "3CX Configuration API" checkbox; off gives 403 on /xapi/v1. */
	xapiEnabled: boolean;
	/** The "Call Control API" checkbox; off gives 403 on /callcontrol. */
	callControlEnabled: boolean;
	/** Numbers of the monitored extensions, or `all` (what a system owner sees). */
	monitored: 'all' | string[];
}

/** Who sent a request: the API client that the live bearer token belongs to. */
export interface Caller {
	client: ApiClient;
	/** The access token as sent, to recognise a superseded one. */
	token: string;
}

/** Who calls, as forwarding tells them apart. */
export type CallerKind = 'Internal' | 'External';

/** Where calls go instead, by who calls: a number to route to; none where the call ends. */
export type ForwardTo = Partial<Record<CallerKind, string>>;

/** A DN of the phone system as the call engine needs it. */
export interface Dn {
	number: string;
	name: string;
	type:
		| 'Wextension'
		| 'Wroutepoint'
		| 'Wqueue'
		| 'Wringgroup'
		| 'Wivr'
		| 'Wparkextension'
		| 'Wspecialmenu'
		| 'Wexternalline';
	/** SIP contacts registered for this DN; none for queues and the like. */
	devices: Device[];
	/** Queue agents or ring-group members, by number. */
	members?: string[];
	/** A queue's XAPI `PollingStrategy`. `RingAll`, or none: all free agents at once; any other: one after the other. */
	pollingStrategy?: string;
	/** Extension: where its current forwarding profile sends all calls, or those while no phone is registered. */
	forwarding?: { always?: ForwardTo; notRegistered?: ForwardTo };
	/** IVR: pressed key to destination number. */
	keys?: Record<string, string>;
}

/** A registered phone or app. */
export interface Device {
	/** SIP contact URI such as `sip:200@192.168.27.40:5065`. */
	device_id: string;
	user_agent: string;
	/** A uaCSTA phone, which the API may answer and control. */
	directControl: boolean;
}

/** What the call engine reads of the configuration (users, queues, groups, DIDs): live, so that a user created over XAPI can be rung at once. */
export interface Directory {
	dn(number: string): Dn | undefined;
	dns(): Dn[];
	/** The DN number that a dialled DID leads to, through its inbound rule. */
	didTarget(did: string): string | undefined;
	/** The trunk that external calls use. */
	trunk(): Dn;
}

/** A route handler: returns true when it answered the request. */
export type RouteHandler = (
	request: IncomingMessage,
	response: ServerResponse,
	url: URL,
	caller: Caller,
) => Promise<boolean> | boolean;

/** A finished call, for the call log that ReportCallLogData serves. */
export interface FinishedCall {
	callid: number;
	startedAt: Date;
	answeredAt?: Date;
	endedAt: Date;
	direction: 'Inbound' | 'Outbound' | 'Internal';
	from: { number: string; name: string; dn: string };
	to: { number: string; name: string; dn: string };
	did?: string;
	/** Every DN that rang, in order. */
	legs: Array<{ dn: string; name: string; rangAt: Date; answeredAt?: Date; endedAt: Date }>;
}
