/** An address that no page has. */
import { Card } from '../ui/basics.tsx'
import { Heading } from '../ui/heading.tsx'

export const NotFound = () => (
  <>
    <Heading title="No such page" />
    <Card title="There is nothing at this address">
      <p>
        <a href="/console/">Go to what is happening now.</a>
      </p>
    </Card>
  </>
)
