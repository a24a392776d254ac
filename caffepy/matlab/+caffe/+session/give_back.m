function give_back(verb, handle)
% GIVE_BACK  Tell Python that nobody has a net or solver any more. Not an error in any case: objects
% end when they end, with what has been reset or has failed before, too.
if ~isempty(handle)
  try
    caffe_(verb, handle);
  catch
  end
end
end
