import type { Rules } from '../context';
import { dnRules } from './anyDn';
import { extensionViolations, fillExtensions, firstFreeNumber } from './dn';
import type { Row } from '../../odata/model';

/** Where a call goes when nobody takes it. */
export const endCall = { To: 'None', Type: 'None', Tags: [] };
export const closedRoute = { IsPromptEnabled: false, Prompt: '', Route: endCall };

const EXTENSIONS = ['Agents', 'Managers'] as const;

export const queues: Rules = dnRules('Queues', {
	defaults: () => ({
		Agents: [],
		Managers: [],
		PollingStrategy: 'RingAll',
		RingTimeout: 30,
		MasterTimeout: 1800,
		MaxCallersInQueue: 0,
		SLATime: 0,
		WrapUpTime: 0,
		AnnouncementInterval: 0,
		AnnounceQueuePosition: false,
		PriorityQueue: false,
		EnableIntro: false,
		PlayFullPrompt: false,
		ResetStatisticsScheduleEnabled: false,
		Recording: 'Disabled',
		ForwardNoAnswer: endCall,
		OutOfOfficeRoute: closedRoute,
		HolidaysRoute: closedRoute,
		BreakRoute: closedRoute,
		ComfortPrompts: [],
		MaxWaitTimeSkillGroupValues: [],
		NotifyCodes: [],
		IsRegistered: true,
	}),
	prepare: (context, body) => ({
		...body,
		...Object.fromEntries(
			EXTENSIONS.filter((field) => Array.isArray(body[field])).map((field) => [
				field,
				fillExtensions(context, body[field] as Row[]),
			]),
		),
	}),
	check: (context, body) => ({
		...extensionViolations(context, 'Agents', body.Agents),
		...extensionViolations(context, 'Managers', body.Managers),
	}),
	operations: {
		'Pbx.GetFirstAvailableQueueNumber': ({ context }) => ({
			Number: firstFreeNumber(context, 'Queues'),
		}),
	},
});
