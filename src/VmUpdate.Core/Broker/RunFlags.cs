namespace VmUpdate.Core.Broker;

/// <summary>What is true or not of a run, as the store keeps it. The numbers never change their meaning.</summary>
[Flags]
internal enum RunFlags
{
    None = 0,
    RestartPending = 1,
    Overdue = 2,
    HandOverBegun = 4,
    HandOverConfirmed = 8,
    CancelAsked = 16,
}
