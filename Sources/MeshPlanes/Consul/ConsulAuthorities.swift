import Foundation
import MeshModel

/// The certificate authorities that a Consul's certificate is judged by, from a file or a folder.
///
/// Source: hashicorp/go-rootcerts, `LoadCAFile` and `LoadCAPath`: of a folder every file is read, those of folders in it
/// too, and each must hold a certificate.
enum ConsulAuthorities {
  /// The most files of a folder, and the most bytes they may have together: more than any bundle of public authorities has.
  static let limits = (files: 1_000, bytes: 4 << 20)

  /// The certificates in PEM, those of a folder one after another in order of path.
  static func read(_ path: String) throws(MeshError) -> [UInt8] {
    guard isFolder(path) else { return try LocalFile.read(path, limit: limits.bytes) }
    let names: [String]
    do { names = try FileManager.default.subpathsOfDirectory(atPath: path).sorted() } catch {
      throw MeshError(
        .usage, "cannot list \(path), the folder of certificate authorities",
        remedy: "check that you may read it", underlying: error)
    }
    var result: [UInt8] = []
    var count = 0
    for name in names {
      let file = "\(path)/\(name)"
      // A folder, or a link to one, as a mounted secret has.
      if isFolder(file) { continue }
      count += 1
      guard count <= limits.files else {
        throw MeshError(
          .usage, "\(path) holds more than \(limits.files) files, too many for certificate authorities",
          remedy: "name a folder that holds these alone, or one file in CONSUL_CACERT")
      }
      let bytes = try LocalFile.read(file, limit: limits.bytes)
      guard String(decoding: bytes, as: UTF8.self).contains("-----BEGIN CERTIFICATE-----") else {
        throw MeshError(
          .usage, "\(file) holds no certificate", remedy: "keep nothing but certificates in PEM in \(path)")
      }
      result += bytes + [0x0A]
      guard result.count <= limits.bytes else {
        throw MeshError(
          .usage, "the files of \(path) hold more than \(limits.bytes >> 20) MiB together",
          remedy: "name a folder that holds certificate authorities alone, or one file in CONSUL_CACERT")
      }
    }
    guard !result.isEmpty else {
      throw MeshError(
        .usage, "\(path) holds no file", remedy: "put the certificate authorities into it, in PEM, a file each")
    }
    return result
  }

  private static func isFolder(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
  }
}
