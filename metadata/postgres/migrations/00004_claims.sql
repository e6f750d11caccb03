-- +goose Up

-- What a process is at, so that no other does it meanwhile, and until when it has to
-- say so again, in microseconds since 1970 by the server's clock. After a crash of the
-- server nobody is at anything.
CREATE UNLOGGED TABLE claims (
    name  text COLLATE "C" PRIMARY KEY,
    who   text COLLATE "C" NOT NULL,
    until bigint           NOT NULL
);

-- +goose Down
DROP TABLE claims;
