import type { Rules } from '../context';

/** Names of zones are not documented; these are invented. */
export const conferenceSettings: Rules = {
	operations: { 'Pbx.GetWebMeetingZones': () => ['Europe', 'NorthAmerica'] },
};
