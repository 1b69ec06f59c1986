// swift-tools-version: 6.2
import PackageDescription

// What another tool's package looks like: it depends on Meshdeck and imports one module.
let package = Package(
  name: "Example",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "meshdeck", path: "../..")],
  targets: [
    .executableTarget(name: "shift", dependencies: [.product(name: "MeshKit", package: "meshdeck")])
  ])
