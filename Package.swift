// swift-tools-version: 6.2
import PackageDescription

/// The language settings of every Swift target.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  // SE-0335: an existential is written `any P`, so its cost is visible.
  .enableUpcomingFeature("ExistentialAny"),
  // SE-0444: a member is visible only where its module is imported.
  .enableUpcomingFeature("MemberImportVisibility"),
  // SE-0409: imports are internal unless said otherwise.
  .enableUpcomingFeature("InternalImportsByDefault"),
  // SE-0461: a nonisolated async function runs where its caller runs; heavy work says `@concurrent`.
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let hashTree = Target.Dependency.product(name: "HashTreeCollections", package: "swift-collections")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let flyingFox = Target.Dependency.product(name: "FlyingFox", package: "FlyingFox")
let flyingSocks = Target.Dependency.product(name: "FlyingSocks", package: "FlyingFox")

/// What MeshKit hands on. Who uses MeshKit here names them as well: SwiftPM builds a target anew when a module that it names
/// changes, and MeshKit itself seldom does.
let seenThroughMeshKit: [Target.Dependency] = [
  "MeshModel", "MeshTransport", "MeshPlanes", "MeshTelemetry", "MeshOperations",
]

/// A Swift target with the house settings.
func library(
  _ name: String, _ dependencies: [Target.Dependency] = [], path: String? = nil, resources: [Resource]? = nil
) -> Target {
  .target(name: name, dependencies: dependencies, path: path, resources: resources, swiftSettings: settings)
}

/// The tests of one target.
func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

let package = Package(
  name: "meshdeck",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "meshdeck", targets: ["meshdeck"]),
    .library(name: "MeshKit", targets: ["MeshKit"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
  ],
  targets: [
    .target(name: "CNCurses", linkerSettings: [.linkedLibrary("ncursesw"), .linkedLibrary("tinfo")]),
    .target(name: "CLibcurl", linkerSettings: [.linkedLibrary("curl")]),
    .target(name: "CFoundationData"),
    // By the names of the libraries themselves, which libcurl brings along: those without a version are of the headers' package.
    .target(
      name: "COpenSSL",
      linkerSettings: ["libssl.so.3", "libcrypto.so.3"].map { .linkedLibrary(":\($0)", .when(platforms: [.linux])) }),
    library("MeshModel", [hashTree]),
    library("MeshTransport", ["CLibcurl", "MeshModel", logging]),
    .target(
      name: "MeshMessages", dependencies: ["MeshModel", protobuf], exclude: ["Protos"], swiftSettings: settings),
    library("MeshPlanes", ["COpenSSL", "MeshModel", "MeshTransport", "MeshMessages", yams, subprocess, protobuf]),
    library("MeshTelemetry", ["MeshModel", "MeshTransport"]),
    library("MeshOperations", ["MeshModel", "MeshTransport", "MeshPlanes", "MeshTelemetry", yams]),
    library("MeshKit", seenThroughMeshKit),
    library(
      "Scenarios", path: "Fixtures/Scenarios",
      resources: ["shop", "small", "large", "dialects", "hybrid", "clusters", "sofa"].map {
        .embedInCode("\($0).yaml")
      }),
    library("MeshEmulator", ["COpenSSL", "MeshModel", "Scenarios", flyingFox, flyingSocks, yams]),
    library(
      "BuiltInThemes", path: "Themes",
      resources: ["midnight", "daylight", "high-contrast", "solarized-dark", "deuteranopia", "mono"]
        .map { .embedInCode("\($0).yaml") }),
    library("TerminalUI", ["CNCurses", "BuiltInThemes", yams]),
    library("Dashboard", seenThroughMeshKit + ["MeshKit", "TerminalUI", subprocess]),
    .executableTarget(
      name: "meshdeck",
      dependencies: seenThroughMeshKit + [
        "CFoundationData", "Dashboard", "MeshEmulator", "MeshKit", "TerminalUI", argumentParser, yams,
      ],
      swiftSettings: settings),
    tests("MeshModelTests", ["MeshModel"]),
    tests("MeshTransportTests", ["MeshTransport", "MeshModel"]),
    tests("MeshMessagesTests", ["MeshMessages", "MeshModel", protobuf]),
    tests("MeshPlanesTests", ["MeshPlanes", "MeshMessages", "MeshModel", "MeshTransport", protobuf]),
    tests("MeshTelemetryTests", ["MeshTelemetry", "MeshModel", "MeshTransport"]),
    tests("MeshOperationsTests", ["MeshOperations", "MeshModel", "MeshPlanes", "MeshTelemetry", "MeshTransport"]),
    tests("MeshEmulatorTests", ["MeshEmulator", "MeshModel"]),
    tests("TerminalUITests", ["TerminalUI", "CNCurses"]),
    tests(
      "DashboardTests",
      seenThroughMeshKit + ["Dashboard", "TerminalUI", "MeshKit", "meshdeck", argumentParser],
      exclude: ["Screens"]),
    tests(
      "Integration",
      seenThroughMeshKit + ["meshdeck", "MeshKit", "MeshEmulator", subprocess]),
  ]
)
