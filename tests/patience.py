"""How long tests wait for what must come. A machine may stall, and who waits in vain only waits when something is wrong."""

PATIENCE = 90.0
