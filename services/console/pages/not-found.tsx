/** An address that no page has. */
import { Card } from '../ui/basics.tsx'

export const NotFound = () => (
  <Card title="No such page">
    <p>
      There is nothing at this address. <a href="/console/">Go to what is happening now.</a>
    </p>
  </Card>
)
