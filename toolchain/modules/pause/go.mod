module authsome.cloud/toolchain/pause

go 1.26.0
