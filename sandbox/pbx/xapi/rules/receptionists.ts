import type { Row } from '../../odata/model';
import type { Rules, Violations } from '../context';
import { dnRules } from './anyDn';
import { firstFreeNumber } from './dn';
import { closedRoute } from './queues';

export const receptionists: Rules = dnRules('Receptionists', {
	defaults: () => ({
		Forwards: [],
		IVRType: 'Default',
		Timeout: 5,
		TimeoutForwardType: 'EndCall',
		InvalidKeyForwardDN: '',
		PromptFilename: 'onboardivr.wav',
		TransferEnable: true,
		UseMSExchange: false,
		OutOfOfficeRoute: closedRoute,
		HolidaysRoute: closedRoute,
		BreakRoute: closedRoute,
		IsRegistered: true,
	}),
	prepare: ({ store }, body) =>
		Array.isArray(body.Forwards)
			? {
					...body,
					Forwards: (body.Forwards as Row[]).map((forward) => ({
						...forward,
						Id: forward.Id || store.nextId(),
					})),
				}
			: body,
	check({ store }, body) {
		const violations: Violations = {};
		((body.Forwards ?? []) as Row[]).forEach(({ ForwardDN: dn }, index) => {
			if (typeof dn === 'string' && dn !== '' && !store.dn(dn)) {
				violations[`Forwards[${index}].ForwardDN`] = 'WARNINGS.XAPI.NOT_FOUND';
			}
		});
		return violations;
	},
	operations: {
		'Pbx.GetFirstAvailableReceptionistNumber': ({ context }) => ({
			Number: firstFreeNumber(context, 'Receptionists'),
		}),
	},
});
