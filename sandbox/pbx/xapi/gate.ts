/** What a role may do on XAPI (protocol 1.6). */
import type { Method } from '../../../lib/xapi/catalogue';
import { ROLES, type Role } from '../types';

/** Seen live: a System Admin gets 403 on these; all report roots are taken to be alike. */
const OWNERS_ONLY =
	/^(Report\w+|CallHistoryView|ChatHistoryView|ChatMessagesHistoryView|Recordings|ScheduledReports)$/;

/** What the weakest role reads: `Defs` was seen live (protocol 1.5); its own user and department are a choice. */
const EVERYBODY = new Set(['Defs', 'MyUser', 'MyGroup', 'MyTokens']);

/** What department roles read. Nobody has reported what they may do beyond this: a choice (protocol 1.6). */
const DEPARTMENT = new Set([
	...EVERYBODY,
	'Users',
	'Groups',
	'Queues',
	'RingGroups',
	'Receptionists',
	'Contacts',
	'Peers',
	'ActiveCalls',
	'Parkings',
]);

const strength = (role: Role) => ROLES.length - ROLES.indexOf(role);
const atLeast = (role: Role, least: Role) => strength(role) >= strength(least);

/** Whether a role may use an operation below this root, such as `Users`. */
export function isAllowed(role: Role, root: string, method: Method): boolean {
	if (OWNERS_ONLY.test(root)) return role === 'system_owners';
	if (atLeast(role, 'system_admins')) return true;
	if (method !== 'GET') return false;
	return (atLeast(role, 'group_admins') ? DEPARTMENT : EVERYBODY).has(root);
}
