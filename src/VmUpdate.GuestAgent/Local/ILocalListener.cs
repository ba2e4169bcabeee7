namespace VmUpdate.GuestAgent.Local;

/// <summary>Where this machine's update agents reach the trigger agent: only the system's administrators get through.</summary>
internal interface ILocalListener : IDisposable
{
    /// <summary>Waits for the next of them.</summary>
    /// <returns>Its channel; <see langword="null"/> when the listener was disposed.</returns>
    Stream? Accept();
}
