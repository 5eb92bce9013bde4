import type { Rules } from '../context';
import { activeCalls, lastCdr } from './calls';
import { contacts } from './contacts';
import { dnRules } from './anyDn';
import { groups } from './groups';
import { peers } from './peers';
import { queues } from './queues';
import { receptionists } from './receptionists';
import { recordings } from './recordings';
import { callHistory, callLogReport } from './reports';
import { ringGroups } from './ringGroups';
import { servicePrincipals } from './servicePrincipals';
import { defs, licenseStatus, systemStatus } from './system';
import { didNumbers, inboundRules, trunks } from './trunks';
import { users } from './users';

const RULES: Readonly<Record<string, Rules>> = {
	ActiveCalls: activeCalls,
	CallHistoryView: callHistory,
	Contacts: contacts,
	Defs: defs,
	DidNumbers: didNumbers,
	Fax: dnRules('Fax'),
	Groups: groups,
	InboundRules: inboundRules,
	LastCdrAndChatMessageTimestamp: lastCdr,
	LicenseStatus: licenseStatus,
	Parkings: dnRules('Parkings'),
	Peers: peers,
	Queues: queues,
	Receptionists: receptionists,
	Recordings: recordings,
	ReportCallLogData: callLogReport,
	RingGroups: ringGroups,
	ServicePrincipals: servicePrincipals,
	SystemStatus: systemStatus,
	Trunks: trunks,
	Users: users,
};

/** What is special about an entity set, singleton or report root; nothing for most. */
export const rulesOf = (root: string): Rules =>
	Object.hasOwn(RULES, root) ? (RULES[root] ?? {}) : {};
