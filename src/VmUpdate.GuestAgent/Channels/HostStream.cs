namespace VmUpdate.GuestAgent.Channels;

/// <summary>An open channel to the host.</summary>
/// <param name="Stream">Its bytes. Read and written at the same time, each by one thread; either may block for as long as there is no host.</param>
/// <param name="OutlivesHost">
/// Whether the host can go and come while it stays open, as a serial port does: a read of nothing means that nobody is there. Else it means
/// the end.
/// </param>
internal sealed record HostStream(Stream Stream, bool OutlivesHost);
