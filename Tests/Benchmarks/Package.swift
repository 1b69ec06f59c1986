// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that the program's graph carries nothing that only measures.
let package = Package(
  name: "benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "meshdeck", path: "../..")],
  targets: [
    .executableTarget(
      name: "Follower", dependencies: [.product(name: "MeshKit", package: "meshdeck")],
      swiftSettings: [.swiftLanguageMode(.v6)])
  ])
