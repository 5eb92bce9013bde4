import type { Row } from '../../odata/model';
import type { Rules } from '../context';
import { dnRules } from './anyDn';
import { extensionViolations, fillExtensions, firstFreeNumber } from './dn';
import { closedRoute, endCall } from './queues';

export const ringGroups: Rules = dnRules('RingGroups', {
	defaults: () => ({
		Members: [],
		RingStrategy: 'RingAll',
		RingTime: 20,
		ForwardNoAnswer: endCall,
		OutOfOfficeRoute: closedRoute,
		HolidaysRoute: closedRoute,
		BreakRoute: closedRoute,
		IsRegistered: true,
	}),
	prepare: (context, body) =>
		Array.isArray(body.Members)
			? { ...body, Members: fillExtensions(context, body.Members as Row[]) }
			: body,
	check: (context, body) => extensionViolations(context, 'Members', body.Members),
	operations: {
		'Pbx.GetFirstAvailableRingGroupNumber': ({ context }) => ({
			Number: firstFreeNumber(context, 'RingGroups'),
		}),
	},
});
