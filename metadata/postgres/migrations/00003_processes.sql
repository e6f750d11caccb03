-- +goose Up

-- The process that hands events of the outbox to their handlers, and until when that
-- is so unless it says it again, in microseconds since 1970 by the server's clock.
CREATE TABLE outbox_lead (
    one   boolean          PRIMARY KEY DEFAULT true CHECK (one),
    who   text COLLATE "C" NOT NULL,
    until bigint           NOT NULL
);

-- +goose Down
DROP TABLE outbox_lead;
