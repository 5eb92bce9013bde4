import type { INodePropertyOptions } from 'n8n-workflow';
import type { Kind } from '../../lib/status/changes';

/** An event that a person can choose. */
interface SystemEvent extends INodePropertyOptions {
	/** Value of the parameter, and `event` in the output. */
	value: string;
	/** What has to be read for it. */
	kind: Kind;
}

/** By name, as n8n shows lists. `lib/status/changes` decides when each is told. */
export const EVENTS: readonly SystemEvent[] = [
	{
		name: 'Address Blocked',
		value: 'addressBlocked',
		kind: 'blockedAddress',
		description: 'An IP address was blocked, by 3CX or by hand',
	},
	{
		name: 'Agent Logged In to Queues',
		value: 'agentLoggedIn',
		kind: 'queueLogin',
		description: 'A user takes calls of queues',
	},
	{
		name: 'Agent Logged Out of Queues',
		value: 'agentLoggedOut',
		kind: 'queueLogin',
		description: 'A user takes no more calls of queues',
	},
	{
		name: 'Backup Failed',
		value: 'backupFailed',
		kind: 'backupError',
		description: 'The event log has an error about a backup',
	},
	{
		name: 'Backup Too Old',
		value: 'backupTooOld',
		kind: 'backup',
		description: 'The newest backup is older than the option Backup Too Old After',
	},
	{
		name: 'Error Logged',
		value: 'errorLogged',
		kind: 'error',
		description: 'The event log has a new error',
	},
	{
		name: 'Extension Registered',
		value: 'extensionRegistered',
		kind: 'extension',
		description: 'A phone of a watched extension is back',
	},
	{
		name: 'Extension Unregistered',
		value: 'extensionUnregistered',
		kind: 'extension',
		description:
			'A watched extension, such as the phone for emergencies, has no registered phone any more',
	},
	{
		name: 'Licence Near Its End',
		value: 'licenceEnding',
		kind: 'licence',
		description: 'The licence has fewer days left than the option Licence Days, or has expired',
	},
	{
		name: 'Number Blocked',
		value: 'numberBlocked',
		kind: 'blockedNumber',
		description: 'A caller’s number was blocked',
	},
	{
		name: 'Queue Threshold Passed',
		value: 'queueThresholdPassed',
		kind: 'queue',
		description: 'Too many callers wait in a queue, or one waits too long',
	},
	{
		name: 'SBC Connected',
		value: 'sbcConnected',
		kind: 'sbc',
		description: 'A session border controller is connected again',
	},
	{
		name: 'SBC Disconnected',
		value: 'sbcDisconnected',
		kind: 'sbc',
		description: 'A session border controller is not connected any more',
	},
	{
		name: 'Service Started',
		value: 'serviceStarted',
		kind: 'service',
		description: 'A service of the PBX runs again',
	},
	{
		name: 'Service Stopped',
		value: 'serviceStopped',
		kind: 'service',
		description: 'A service of the PBX does not run any more',
	},
	{
		name: 'Trunk Offline',
		value: 'trunkOffline',
		kind: 'trunk',
		description: 'A trunk has lost its registration',
	},
	{
		name: 'Trunk Online',
		value: 'trunkOnline',
		kind: 'trunk',
		description: 'A trunk is registered again',
	},
	{
		name: 'Update Available',
		value: 'updateAvailable',
		kind: 'update',
		description: 'An update of 3CX can be installed',
	},
	{
		name: 'User Status Changed',
		value: 'userStatusChanged',
		kind: 'userStatus',
		description: 'A user has another status, such as Away',
	},
];

/** The choices of the Events field. */
export const eventOptions: INodePropertyOptions[] = EVENTS.map(({ name, value, description }) => ({
	name,
	value,
	description,
}));
