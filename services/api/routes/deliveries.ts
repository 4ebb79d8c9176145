/** `/v1/deliveries`: what was sent to which sink, from the responder's memory. */
import { Delivery } from '../../../schemas/delivery.ts'
import { word } from '../parameters.ts'
import type { Route } from '../route.ts'
import { heldSubject } from '../search/recall.ts'
import { viewedRoutes } from '../viewed.ts'

export const deliveryRoutes: readonly Route[] = viewedRoutes({
  list: 'deliveries',
  singular: 'delivery',
  about: 'Deliveries to sinks, newest first, with what came of each. `since` and `until` go by when it was made.',
  item: Delivery,
  filters: {
    sink: word('Name of the sink'),
    status: word('One or several with commas'),
    subject: word('Id of the finding, incident, quarantine or test that it is about'),
  },
  subject: heldSubject('deliveries', Delivery, { time: 'created_ms', facets: ['sink', 'status', 'type'] }),
})
