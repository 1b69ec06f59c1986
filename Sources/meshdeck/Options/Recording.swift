import Foundation
import MeshKit
import MeshTransport
import Synchronization

extension GlobalOptions {
  /// What sends the requests of this run: the network, recorded where that is asked for, or a recording in its place.
  func transport() throws(MeshError) -> TransportMaker {
    guard let replay else {
      guard let record else { return { CurlTransport(settings: $0) } }
      let file = try RecordingFile(record)
      let recorder = ExchangeRecorder { file.append($0) }
      return { RecordingTransport(CurlTransport(settings: $0), recorder: recorder) }
    }
    guard record == nil else { throw MeshError(.usage, "--record and --replay exclude each other") }
    guard let recording = FileManager.default.contents(atPath: replay) else {
      throw MeshError(.usage, "the recording \(replay) cannot be read")
    }
    do throws(TransportError) {
      let answers = try ReplayTransport(recording: Array(recording))
      return { _ in answers }
    } catch {
      throw MeshError(.usage, "\(replay): \(error.message)")
    }
  }
}

/// A file that exchanges are added to, mode 0600.
private final class RecordingFile: Sendable {
  private let path: String
  private let descriptor: Int32
  /// Whether it was said that something is missing.
  private let isTold = Mutex(false)

  init(_ path: String) throws(MeshError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0, fchmod(descriptor, 0o600) == 0 else {
      throw MeshError(.local, "\(path) cannot be written: \(String(cString: strerror(errno)))")
    }
  }

  deinit { close(descriptor) }

  func append(_ line: [UInt8]) {
    var written = 0
    while written < line.count {
      let count = line[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let reason = String(cString: strerror(errno))
        let isFirst = isTold.withLock { told in
          defer { told = true }
          return !told
        }
        if isFirst { Console.note("the recording \(path) is not whole: \(reason)") }
        return
      }
      written += count
    }
  }
}
