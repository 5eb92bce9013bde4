import type { Context, Rules } from '../context';
import type { Row } from '../../odata/model';
import { dnRules } from './anyDn';
import { bulkDelete } from './bulk';
import { firstFreeNumber } from './dn';

const login = ({ secret }: Context): Row => ({ AuthID: secret(10), AuthPassword: secret(10) });

export const fax: Rules = dnRules('Fax', {
	defaults: (context) => ({ ...login(context), FaxServer: false, OutboundCallerId: '' }),
	operations: {
		'Pbx.InitFax': ({ context }) => ({
			...login(context),
			Id: 0,
			Number: firstFreeNumber(context, 'Fax'),
			FaxServer: false,
			OutboundCallerId: '',
			TranscriptionMode: 'Nothing',
		}),
		'Pbx.BulkFaxDelete': bulkDelete('Fax'),
	},
});
