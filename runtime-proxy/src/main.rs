//! `meshc-proxy`: the data plane that runs what `meshc build --target proxy` writes.

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    meshc_proxy::main()
}
